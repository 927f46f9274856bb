/* The fourth part of runtime.h: the list of tasks, the stock of dead objects, front doors, deques and bytes. */
#ifndef EAGERLOOP_OBJECTS_H
#define EAGERLOOP_OBJECTS_H

#include <Python.h>
#include <stdint.h>

#include "queues.h"

/* -- 7. Tasks ---------------------------------------------------------------------------------------------- */

/* A task embeds its link, and leaves the list before it dies. */
typedef struct el_link {
    struct el_link *previous, *next; /* both NULL: in no list */
} el_link;

typedef struct {
    el_link head;
    ptrdiff_t offset; /* bytes from a task to its link */
} el_list;

static inline void el_link_insert(el_list *list, el_link *link, PyObject *task) {
    el_link *head = &list->head;
    list->offset = (char *)link - (char *)task;
    link->previous = head->previous;
    link->next = head;
    head->previous->next = link;
    head->previous = link;
}

static inline void el_link_remove(el_link *link) {
    if (link->next == NULL) return;
    link->previous->next = link->next;
    link->next->previous = link->previous;
    link->next = link->previous = NULL;
}

static inline PyObject *el_list_tasks(el_list *list) {
    el_link *head = &list->head;
    PyObject *tasks = PyList_New(0);
    if (tasks == NULL || head->next == NULL) return tasks;
    for (el_link *link = head->next; link != head; link = link->next) {
        PyObject *task = (PyObject *)((char *)link - list->offset);
        if (Py_REFCNT(task) == 0) continue; /* being destroyed, in a weak reference's callback */
        if (PyList_Append(tasks, task) < 0) {
            Py_DECREF(tasks);
            return NULL;
        }
    }
    return tasks;
}

/* A loop that dies before its tasks leaves them in no list. */
static inline void el_list_abandon(el_link *head) {
    while (head->next != NULL && head->next != head) el_link_remove(head->next);
}

#define EL_TASKS_BEGIN(agenda) ((agenda)->_tasks.head.next = (agenda)->_tasks.head.previous = &(agenda)->_tasks.head)
#define EL_TASK_LINK(agenda, task) el_link_insert(&(agenda)->_tasks, &(task)->_link, (PyObject *)(task))
#define EL_TASK_UNLINK(task) el_link_remove(&(task)->_link)
#define EL_TASK_LIST(agenda) el_list_tasks(&(agenda)->_tasks)
#define EL_TASKS_ABANDON(agenda) el_list_abandon(&(agenda)->_tasks.head)

/* -- 8. Stock ----------------------------------------------------------------------------------------------
 * An object that lives for one await costs more to allocate, to make by tp_new (a call for each base) and to free than
 * to use. A stocked type keeps the memory of the last few that died; a new one is a copy of the model that tp_new made,
 * but for the instance dict, which comes when somebody sets an attribute. One that dies without a finalizer to call, in
 * no list, lets go of its fields in one go, best if they stand in one row; Cython's way is a call for each base. For
 * static types without __cinit__, and without __dealloc__ but for leaving a list. A free-threaded build has no stock.
 *
 * The collector has no part in making and freeing one. It counts both, to guess how much may lie about in cycles, and
 * most of these are never in any: what it takes to be in one, a coroutine or a callback, is counted. Its part would
 * be a third of what a new object costs. */

#define EL_STOCKS 4  /* stocked types of a module */
#define EL_RUNS 6    /* rows of fields of a stocked type that refer to objects */
#define EL_KEPT 128 /* dead objects of a type that are kept */
/* Types with a `__dict__` or weak references that the interpreter keeps before the object (Py_TPFLAGS_MANAGED_...). */
#define EL_MORE_BEFORE ((1UL << 3) | (1UL << 4))

/* What is kept is dead: the sanitizer is told so, and in a debug build it looks as freed memory does there. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define EL_BURY(memory, size) __asan_poison_memory_region(memory, size)
#define EL_UNEARTH(memory, size) __asan_unpoison_memory_region(memory, size)
#elif defined(Py_DEBUG)
#define EL_BURY(memory, size) memset(memory, 0xDD, size)
#define EL_UNEARTH(memory, size) ((void)0)
#else
#define EL_BURY(memory, size) ((void)0)
#define EL_UNEARTH(memory, size) ((void)0)
#endif

typedef struct {
    PyTypeObject *type;
    PyObject *model;
    Py_ssize_t nones; /* how often the model refers to None; it refers to nothing else */
    struct {
        Py_ssize_t begin, end; /* where: offsets in bytes */
    } runs[EL_RUNS + 1];       /* the last one stays empty */
    ptrdiff_t link;   /* where its el_link is; 0: it has none */
    destructor dealloc; /* Cython's */
    int uncounted;      /* the memory is a collector's header and the object, nothing else; not counted by it */
    Py_ssize_t count;
    PyObject *kept[EL_KEPT];
} el_stock;
static el_stock el_stocks[EL_STOCKS + 1]; /* the last one stays empty: type NULL */

static inline el_stock *el_stock_of(PyTypeObject *type) {
    el_stock *stock = el_stocks;
    while (stock->type != type && stock->type != NULL) stock++;
    return stock->type == NULL ? NULL : stock;
}

/* From 3.12 on None is immortal, and nobody counts. */
static inline void el_none_count(Py_ssize_t more) {
#if PY_VERSION_HEX < 0x030C0000 && defined(Py_DEBUG) /* which counts references in all */
    for (; more > 0; more--) Py_INCREF(Py_None);
    for (; more < 0; more++) Py_DECREF(Py_None);
#elif PY_VERSION_HEX < 0x030C0000
    Py_SET_REFCNT(Py_None, Py_REFCNT(Py_None) + more);
#else
    (void)more;
#endif
}

static inline void el_stock_keep(el_stock *stock, PyObject *object) {
    if (stock->count == EL_KEPT) {
        if (stock->uncounted)
            PyObject_Free(el_gc_words(object));
        else
            PyObject_GC_Del(object);
        return;
    }
    stock->kept[stock->count++] = object;
    EL_BURY(object, (size_t)stock->type->tp_basicsize);
}

static void el_stock_free(void *memory) {
    el_stock *stock = el_stock_of(Py_TYPE((PyObject *)memory));
    if (stock == NULL) /* a class derived from a stocked one */
        PyObject_GC_Del(memory);
    else
        el_stock_keep(stock, (PyObject *)memory);
}

static inline void el_stock_dealloc(el_stock *stock, PyObject *object) {
    PyTypeObject *type = stock->type;
    char *memory = (char *)object;
    int exact = Py_TYPE(object) == type, unlinked = stock->link == 0 || ((el_link *)(memory + stock->link))->next == NULL;
    if (exact && type->tp_finalize != NULL && !el_gc_is_finalized(object)) {
        if (PyObject_CallFinalizerFromDealloc(object)) return; /* it lives on; Cython would ask only in its own slot */
        exact = 0;
    }
    if (!exact || !unlinked) {
        stock->dealloc(object);
        return;
    }
    el_gc_untrack(object);
    if (type->tp_weaklistoffset > 0 && *(PyObject **)(memory + type->tp_weaklistoffset) != NULL)
        PyObject_ClearWeakRefs(object);
    Py_ssize_t nones = 0; /* most are */
    for (int i = 0; stock->runs[i].end > 0; i++) {
        PyObject **end = (PyObject **)(memory + stock->runs[i].end);
        for (PyObject **field = (PyObject **)(memory + stock->runs[i].begin); field < end; field++) {
            if (*field == Py_None)
                nones++;
            else
                Py_DECREF(*field);
        }
    }
    el_none_count(-nones);
    if (type->tp_dictoffset > 0) Py_XDECREF(*(PyObject **)(memory + type->tp_dictoffset));
    el_stock_keep(stock, object);
}

/* A slot has no room to say whose it is. */
static void el_stock_dealloc_0(PyObject *object) { el_stock_dealloc(&el_stocks[0], object); }
static void el_stock_dealloc_1(PyObject *object) { el_stock_dealloc(&el_stocks[1], object); }
static void el_stock_dealloc_2(PyObject *object) { el_stock_dealloc(&el_stocks[2], object); }
static void el_stock_dealloc_3(PyObject *object) { el_stock_dealloc(&el_stocks[3], object); }
static const destructor el_stock_deallocs[EL_STOCKS] = {
    el_stock_dealloc_0, el_stock_dealloc_1, el_stock_dealloc_2, el_stock_dealloc_3};

/* Memory for an object: its type and its one reference are there, the rest is anything. */
static inline PyObject *el_stock_take(el_stock *stock) {
    PyTypeObject *type = stock->type;
    PyObject *object;
    if (stock->count > 0) { /* it is of the type still */
        object = stock->kept[--stock->count];
        EL_UNEARTH(object, (size_t)type->tp_basicsize);
        memset(el_gc_words(object), 0, EL_GC_WORDS * sizeof(uintptr_t));
        Py_SET_REFCNT(object, 1);
    } else if (stock->uncounted) {
        size_t head = EL_GC_WORDS * sizeof(uintptr_t);
        uintptr_t *words = PyObject_Malloc(head + (size_t)type->tp_basicsize);
        if (words == NULL) return PyErr_NoMemory();
        /* with the counter: what lay there could pass for an immortal object's, which Py_SET_REFCNT leaves alone */
        memset(words, 0, head + sizeof(PyObject));
        object = (PyObject *)(words + EL_GC_WORDS);
        Py_SET_TYPE(object, type);
        Py_SET_REFCNT(object, 1);
    } else
        return (PyObject *)PyObject_GC_New(PyObject, type);
#if defined(Py_DEBUG) || defined(Py_TRACE_REFS)
    PyObject_Init(object, type);
#endif
    return object;
}

/* What tp_new asks for memory; all zeros, and known to the collector. */
static PyObject *el_stock_alloc(PyTypeObject *type, Py_ssize_t items) {
    el_stock *stock = el_stock_of(type);
    if (stock == NULL) return PyType_GenericAlloc(type, items); /* a class derived from a stocked one */
    PyObject *object = el_stock_take(stock);
    if (object == NULL) return NULL;
    memset((char *)object + sizeof(PyObject), 0, (size_t)type->tp_basicsize - sizeof(PyObject));
    PyObject_GC_Track(object);
    return object;
}

/* An object that the collector does not know of; see el_gc_track. */
static inline PyObject *el_stock_new_untracked(PyObject *cls) {
    PyTypeObject *type = (PyTypeObject *)cls;
    el_stock *stock = el_stock_of(type);
    PyObject *object;
    if (stock == NULL) {
        object = PyObject_CallMethod(cls, "__new__", "O", cls);
        if (object != NULL) PyObject_GC_UnTrack(object);
        return object;
    }
    if ((object = el_stock_take(stock)) == NULL) return NULL;
    memcpy((char *)object + sizeof(PyObject), (char *)stock->model + sizeof(PyObject),
           (size_t)type->tp_basicsize - sizeof(PyObject));
    el_none_count(stock->nones);
    return object;
}

/* The same with anything in its fields, for whoever writes all of them at once: a handle is its fields. */
static inline PyObject *el_stock_bare(PyObject *cls) {
    el_stock *stock = el_stock_of((PyTypeObject *)cls);
    return stock == NULL ? el_stock_new_untracked(cls) : el_stock_take(stock);
}
#define EL_HANDLE_WRITE(handle, callback, args, context, loop)                                               \
    ((handle)->_callback = Py_NewRef(callback), (handle)->_args = Py_NewRef(args),                          \
     (handle)->_context = Py_NewRef(context), (handle)->_loop = Py_NewRef(loop), (handle)->_records = Py_NewRef(Py_None), \
     (handle)->__weakref__ = NULL)

static inline PyObject *el_stock_new(PyObject *cls) {
    PyObject *object = el_stock_new_untracked(cls);
    if (object != NULL) PyObject_GC_Track(object);
    return object;
}

static inline int el_stock_open(PyObject *cls, ptrdiff_t link) {
#ifndef Py_GIL_DISABLED
    PyTypeObject *type = (PyTypeObject *)cls;
    el_stock *stock = el_stocks;
    while (stock->type != NULL) stock++;
    if (stock == el_stocks + EL_STOCKS) {
        PyErr_Format(PyExc_SystemError, "more than %d stocked types", EL_STOCKS);
        return -1;
    }
    stock->model = el_mark_init() < 0 ? NULL : PyObject_CallMethod(cls, "__new__", "O", cls);
    if (stock->model == NULL) return -1;
    PyObject_GC_UnTrack(stock->model);
    if (type->tp_dictoffset > 0) Py_CLEAR(*(PyObject **)((char *)stock->model + type->tp_dictoffset));
    int run = -1;
    for (Py_ssize_t at = sizeof(PyObject); at < type->tp_basicsize; at += (Py_ssize_t)sizeof(PyObject *)) {
        if (*(PyObject **)((char *)stock->model + at) != Py_None) continue;
        if (run < 0 || stock->runs[run].end != at) {
            if (++run == EL_RUNS) {
                PyErr_Format(PyExc_SystemError, "%s has more than %d rows of fields", type->tp_name, EL_RUNS);
                return -1;
            }
            stock->runs[run].begin = at;
        }
        stock->runs[run].end = at + (Py_ssize_t)sizeof(PyObject *);
        stock->nones++;
    }
    stock->type = type;
    stock->link = link;
    stock->dealloc = type->tp_dealloc;
    stock->uncounted = el_can_mark && !(type->tp_flags & EL_MORE_BEFORE);
    while (type->tp_base->tp_dealloc == stock->dealloc) type = type->tp_base; /* fields that this one only inherits */
    if (type->tp_base != &PyBaseObject_Type) /* else Cython makes one call, which is quicker */
        stock->type->tp_dealloc = el_stock_deallocs[stock - el_stocks];
    type = stock->type;
    type->tp_alloc = el_stock_alloc;
    type->tp_free = el_stock_free;
#endif
    return 0;
}

#define EL_STOCK(cls) el_stock_open(cls, 0)
#define EL_STOCK_LINKED(cls, task) el_stock_open(cls, (char *)&(task)->_link - (char *)(task))

/* -- 9. Front doors ----------------------------------------------------------------------------------------
 * What takes any keywords makes a dict for them with each call. The front door is for calls without any: it hands the
 * arguments to a C function, and every other call to where it went before. One in a module. */

static struct {
    PyObject *callable;
    PyTypeObject *owner; /* of a method; NULL: a function of one argument */
    vectorcallfunc otherwise;
    void *function;
} el_front;

static PyObject *el_front_call(PyObject *callable, PyObject *const *arguments, size_t count, PyObject *names) {
    if (names == NULL && callable == el_front.callable) {
        if (el_front.owner == NULL) {
            if (PyVectorcall_NARGS(count) == 1) return ((PyObject * (*)(PyObject *)) el_front.function)(arguments[0]);
        } else if (PyVectorcall_NARGS(count) == 2 && PyObject_TypeCheck(arguments[0], el_front.owner))
            return ((PyObject * (*)(PyObject *, PyObject *)) el_front.function)(arguments[0], arguments[1]);
    }
    return el_front.otherwise(callable, arguments, count, names);
}

static inline int el_front_open(PyObject *callable, PyObject *owner, void *function) {
    Py_ssize_t offset = Py_TYPE(callable)->tp_vectorcall_offset;
    if (offset <= 0) return 0; /* it has no door of its own */
    el_front.callable = Py_NewRef(callable);
    el_front.owner = owner == Py_None ? NULL : (PyTypeObject *)owner;
    el_front.otherwise = *(vectorcallfunc *)((char *)callable + offset);
    el_front.function = function;
    *(vectorcallfunc *)((char *)callable + offset) = el_front_call;
    return 0;
}
#define EL_FRONT(callable, owner, function) el_front_open(callable, (PyObject *)(owner), (void *)(function))

/* -- 10. Deque and list -------------------------------------------------------------------------------------
 * A queue's two operations, as the C functions that the methods are: calling a method costs more than they do. */

static PyObject *el_deque_type = NULL;
static PyCFunction el_deque_append, el_deque_popleft;

static inline PyCFunction el_method_of(PyObject *type, const char *name, int flags) {
    PyObject *method = PyObject_GetAttrString(type, name);
    PyCFunction function = NULL;
    if (method != NULL && Py_IS_TYPE(method, &PyMethodDescr_Type)
        && ((PyMethodDescrObject *)method)->d_method->ml_flags == flags)
        function = ((PyMethodDescrObject *)method)->d_method->ml_meth;
    Py_XDECREF(method);
    return function;
}

/* To be called by a module that uses the other two, before it does. */
static inline int el_deque_init(PyObject *deque) {
    el_deque_append = el_method_of(deque, "append", METH_O);
    el_deque_popleft = el_method_of(deque, "popleft", METH_NOARGS);
    if (PyErr_Occurred()) return -1;
    if (el_deque_append != NULL && el_deque_popleft != NULL) el_deque_type = Py_NewRef(deque);
    return 0;
}

static inline int el_deque_push(PyObject *deque, PyObject *item) {
    PyObject *done = (PyObject *)Py_TYPE(deque) == el_deque_type ? el_deque_append(deque, item)
                                                                 : PyObject_CallMethod(deque, "append", "(O)", item);
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

static inline PyObject *el_deque_pop(PyObject *deque) {
    return (PyObject *)Py_TYPE(deque) == el_deque_type ? el_deque_popleft(deque, NULL)
                                                       : PyObject_CallMethod(deque, "popleft", NULL);
}

/* `list.pop()` of one that is not empty, and that never fails: a short list keeps its room, for to give some of it back costs
 * more than all else, and so does a long one if there is no memory to shrink with. */
#define EL_SHORT_LIST 64 /* items */
static inline PyObject *el_list_pop(PyObject *list) {
    Py_ssize_t last = PyList_GET_SIZE(list) - 1, room = ((PyListObject *)list)->allocated;
    PyObject *item = PyList_GET_ITEM(list, last);
    if (room > EL_SHORT_LIST && last < room / 2) {
        Py_INCREF(item);
        if (PyList_SetSlice(list, last, last + 1, NULL) == 0) return item;
        PyErr_Clear();
        Py_DECREF(item);
    }
    Py_SET_SIZE(list, last);
    return item;
}

/* -- 11. Bytes ---------------------------------------------------------------------------------------------
 * `data` is bytes or a bytearray. */

static inline char *el_bytes_text(PyObject *data) {
    return PyByteArray_Check(data) ? PyByteArray_AS_STRING(data) : PyBytes_AS_STRING(data);
}

/* `data.find(separator, start)` */
static inline Py_ssize_t el_bytes_find(PyObject *data, PyObject *separator, Py_ssize_t start) {
    Py_ssize_t left = Py_SIZE(data) - start;
    if (PyBytes_CheckExact(separator) && PyBytes_GET_SIZE(separator) == 1 && left >= 0) {
        char *text = el_bytes_text(data);
        char *place = memchr(text + start, PyBytes_AS_STRING(separator)[0], (size_t)left);
        return place == NULL ? -1 : place - text;
    }
    PyObject *place = PyObject_CallMethod(data, "find", "On", separator, start);
    if (place == NULL) return -2;
    Py_ssize_t found = PyLong_AsSsize_t(place);
    Py_DECREF(place);
    return found == -1 && PyErr_Occurred() ? -2 : found;
}

/* `bytes(data[start:stop])`, within its bounds */
static inline PyObject *el_bytes_cut(PyObject *data, Py_ssize_t start, Py_ssize_t stop) {
    return PyBytes_FromStringAndSize(el_bytes_text(data) + start, stop - start);
}

#endif
