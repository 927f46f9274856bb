/* The third part of runtime.h: the list of tasks, the stock of dead objects, and bytes. */
#ifndef EAGERLOOP_OBJECTS_H
#define EAGERLOOP_OBJECTS_H

#include <Python.h>
#include <stdint.h>

/* -- 7. Tasks ---------------------------------------------------------------------------------------------- */

typedef struct el_link {
    struct el_link *previous, *next; /* both NULL: in no list */
    PyObject *task;                  /* borrowed: the task embeds its link and leaves the list before it dies */
} el_link;

static inline void el_link_insert(el_link *head, el_link *link, PyObject *task) {
    link->task = task;
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

static inline PyObject *el_link_list(el_link *head) {
    PyObject *list = PyList_New(0);
    if (list == NULL || head->next == NULL) return list;
    for (el_link *link = head->next; link != head; link = link->next) {
        if (Py_REFCNT(link->task) == 0) continue; /* being destroyed, in a weak reference's callback */
        if (PyList_Append(list, link->task) < 0) {
            Py_DECREF(list);
            return NULL;
        }
    }
    return list;
}

/* A loop that dies before its tasks leaves them in no list. */
static inline void el_link_abandon(el_link *head) {
    while (head->next != NULL && head->next != head) el_link_remove(head->next);
}

#define EL_TASKS_BEGIN(agenda) ((agenda)->_tasks.next = (agenda)->_tasks.previous = &(agenda)->_tasks)
#define EL_TASK_LINK(agenda, task) el_link_insert(&(agenda)->_tasks, &(task)->_link, (PyObject *)(task))
#define EL_TASK_UNLINK(task) el_link_remove(&(task)->_link)
#define EL_TASK_LIST(agenda) el_link_list(&(agenda)->_tasks)
#define EL_TASKS_ABANDON(agenda) el_link_abandon(&(agenda)->_tasks)

/* -- 8. Stock ----------------------------------------------------------------------------------------------
 * An object that lives for one await costs more to allocate, to make by tp_new (a call for each base) and to free than
 * to use. A stocked type keeps the memory of the last few that died; a new one is a copy of the model that tp_new made,
 * but for the instance dict, which comes when somebody sets an attribute. For static types without __cinit__. A
 * free-threaded build has no stock. */

#define EL_STOCKS 4 /* stocked types of a module */
#define EL_KEPT 128 /* dead objects of a type that are kept */

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
    Py_ssize_t count;
    PyObject *kept[EL_KEPT];
} el_stock;
static el_stock el_stocks[EL_STOCKS + 1]; /* the last one stays empty: type NULL */

static inline el_stock *el_stock_of(PyTypeObject *type) {
    el_stock *stock = el_stocks;
    while (stock->type != type && stock->type != NULL) stock++;
    return stock->type == NULL ? NULL : stock;
}

static void el_stock_free(void *memory) {
    el_stock *stock = el_stock_of(Py_TYPE((PyObject *)memory));
    if (stock == NULL || stock->count == EL_KEPT) { /* NULL: a class derived from a stocked one */
        PyObject_GC_Del(memory);
        return;
    }
    stock->kept[stock->count++] = (PyObject *)memory;
    EL_BURY(memory, (size_t)stock->type->tp_basicsize);
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
    if (stock->count > 0) {
        object = stock->kept[--stock->count];
        EL_UNEARTH(object, (size_t)type->tp_basicsize);
        memset((char *)object - 2 * sizeof(uintptr_t), 0, 2 * sizeof(uintptr_t)); /* the collector's header */
        object = PyObject_Init(object, type);
    } else {
        object = (PyObject *)PyObject_GC_New(PyObject, type);
        if (object == NULL) return NULL;
    }
    memcpy((char *)object + sizeof(PyObject), (char *)stock->model + sizeof(PyObject),
           (size_t)type->tp_basicsize - sizeof(PyObject));
#if PY_VERSION_HEX < 0x030C0000 && defined(Py_DEBUG) /* which counts references in all */
    for (Py_ssize_t i = 0; i < stock->nones; i++) Py_INCREF(Py_None);
#elif PY_VERSION_HEX < 0x030C0000 /* from then on None is immortal */
    Py_SET_REFCNT(Py_None, Py_REFCNT(Py_None) + stock->nones);
#endif
    return object;
}

static inline PyObject *el_stock_new(PyObject *cls) {
    PyObject *object = el_stock_new_untracked(cls);
    if (object != NULL) PyObject_GC_Track(object);
    return object;
}

static inline int el_stock_open(PyObject *cls) {
#ifndef Py_GIL_DISABLED
    PyTypeObject *type = (PyTypeObject *)cls;
    el_stock *stock = el_stocks;
    while (stock->type != NULL) stock++;
    if (stock == el_stocks + EL_STOCKS) {
        PyErr_Format(PyExc_SystemError, "more than %d stocked types", EL_STOCKS);
        return -1;
    }
    stock->model = PyObject_CallMethod(cls, "__new__", "O", cls);
    if (stock->model == NULL) return -1;
    PyObject_GC_UnTrack(stock->model);
    if (type->tp_dictoffset > 0) Py_CLEAR(*(PyObject **)((char *)stock->model + type->tp_dictoffset));
    PyObject **field = (PyObject **)((char *)stock->model + sizeof(PyObject));
    for (; (char *)field < (char *)stock->model + type->tp_basicsize; field++) stock->nones += *field == Py_None;
    stock->type = type;
    type->tp_free = el_stock_free;
#endif
    return 0;
}

/* -- 9. Bytes  ---------------------------------------------------------------------------------------------
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
