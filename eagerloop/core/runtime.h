/* What Cython cannot say: the engine's only C.
 *
 *   1. Ring       the ready queue: a power-of-two array of references
 *   2. Heap       the timers: a 4-ary heap whose entries know their own place, so that cancelling removes
 *   3. Context    a task or handle at rest keeps a context's immutable variables, not a Context object
 *   4. Send       one step of a coroutine, its outcome told apart without raising StopIteration
 *   5. Awaitable  am_send and am_await, which Cython has no special methods for
 *   6. Current    the task that is running, where the stdlib's asyncio looks for it
 *   7. Tasks      the list of live tasks, borrowed references
 *   8. Stock      memory of objects that live for one await, kept for the next of their type
 *   9. Bytes      what streams look for and cut out, without a number or a slice being made an object
 *
 * The kernel's part is in kernel.h. `runtime.pxd` declares both to Cython, `runtime.py` says the same in Python for the
 * interpreted mode. All of it relies on the GIL. Functions follow CPython's conventions: new references out, borrowed in, NULL or -1
 * with an exception set on failure. Every including module gets its own copy of the statics; what must be shared
 * between modules lives in objects. */
#ifndef EAGERLOOP_RUNTIME_H
#define EAGERLOOP_RUNTIME_H

#include <Python.h>
#include <errno.h>
#include <stdint.h>
#include <time.h>

/* What only the ready queue or the heap holds need not be walked by the collector: most of it is gone before a collection
 * would find it alive. It is untracked when it is queued, and tracked again when it leaves and somebody else holds it. */
static inline void el_gc_untrack(PyObject *object) { PyObject_GC_UnTrack(object); }
static inline void el_gc_track(PyObject *object) {
    if (PyObject_IS_GC(object) && !PyObject_GC_IsTracked(object)) PyObject_GC_Track(object);
}
/* As el_gc_track, for an object that is about to go unless somebody else holds it. */
static inline void el_gc_return(PyObject *object) {
    if (Py_REFCNT(object) > 1) el_gc_track(object);
}

/* An object whose finalizer has nothing to say any more is marked as if it had run: calling it would cost as much as the
 * rest of the deallocation. Not so a class that a user derives: its finalizer may have more to say. The mark is private,
 * but the same from 3.11 to 3.15; el_init looks whether it works. */
static int el_can_mark = 0;
static inline void el_mark_finalized(PyObject *object) {
    if (el_can_mark && !(Py_TYPE(object)->tp_flags & Py_TPFLAGS_HEAPTYPE)) ((uintptr_t *)object)[-1] |= 1;
}
static inline int el_mark_init(void) {
#ifndef Py_GIL_DISABLED
    PyObject *probe = PyList_New(0);
    if (probe == NULL) return -1;
    uintptr_t *flags = (uintptr_t *)probe - 1, before = *flags;
    int was = PyObject_GC_IsFinalized(probe);
    *flags |= 1;
    el_can_mark = !was && PyObject_GC_IsFinalized(probe) && PyObject_GC_IsTracked(probe);
    *flags = before;
    Py_DECREF(probe);
#endif
    return 0;
}

/* Fields of a C object are zero before __init__; the twin has to see to it. */
static inline void el_zeroed(PyObject *cls, PyObject *fields) { (void)cls; (void)fields; }

/* An empty `__dict__`, which Cython makes with each object, is made again when somebody wants it. */
static inline int el_dict_drop(PyObject **dict) {
    if (*dict != NULL && PyDict_CheckExact(*dict) && PyDict_GET_SIZE(*dict) == 0) Py_CLEAR(*dict);
    return 0;
}
#define EL_DICT_DROP(owner) el_dict_drop(&(owner)->__dict__)

/* -- 1. Ring ----------------------------------------------------------------------------------------------- */

typedef struct {
    PyObject_HEAD
    Py_ssize_t head;  /* index of the oldest entry */
    Py_ssize_t count;
    Py_ssize_t mask;  /* capacity - 1 */
    PyObject **items;
} el_ring;

static int el_ring_traverse(PyObject *self, visitproc visit, void *arg) {
    el_ring *ring = (el_ring *)self;
    for (Py_ssize_t i = 0; i < ring->count; i++)
        Py_VISIT(ring->items[(ring->head + i) & ring->mask]);
    return 0;
}

static inline PyObject *el_ring_pop(PyObject *self) {
    el_ring *ring = (el_ring *)self;
    PyObject *entry = ring->items[ring->head];
    ring->head = (ring->head + 1) & ring->mask;
    ring->count--;
    return entry;
}

static int el_ring_clear(PyObject *self) {
    while (((el_ring *)self)->count > 0) {
        PyObject *entry = el_ring_pop(self);
        el_gc_return(entry);
        Py_DECREF(entry);
    }
    return 0;
}

static void el_ring_dealloc(PyObject *self) {
    PyObject_GC_UnTrack(self);
    el_ring_clear(self);
    PyMem_Free(((el_ring *)self)->items);
    PyObject_GC_Del(self);
}

static PyTypeObject el_ring_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "eagerloop.core.Ring",
    .tp_basicsize = sizeof(el_ring),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = el_ring_traverse,
    .tp_clear = el_ring_clear,
    .tp_dealloc = el_ring_dealloc,
};

static inline PyObject *el_ring_new(void) {
    if (PyType_Ready(&el_ring_type) < 0) return NULL;
    el_ring *ring = PyObject_GC_New(el_ring, &el_ring_type);
    if (ring == NULL) return NULL;
    ring->head = ring->count = 0;
    ring->mask = 63;
    ring->items = PyMem_Malloc(64 * sizeof(PyObject *));
    if (ring->items == NULL) {
        ring->mask = -1;
        Py_DECREF(ring);
        return PyErr_NoMemory();
    }
    PyObject_GC_Track(ring);
    return (PyObject *)ring;
}

static int el_ring_grow(el_ring *ring) {
    Py_ssize_t size = (ring->mask + 1) * 2;
    PyObject **items = PyMem_Malloc((size_t)size * sizeof(PyObject *));
    if (items == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < ring->count; i++)
        items[i] = ring->items[(ring->head + i) & ring->mask];
    PyMem_Free(ring->items);
    ring->items = items;
    ring->head = 0;
    ring->mask = size - 1;
    return 0;
}

static inline int el_ring_push(PyObject *self, PyObject *entry) {
    el_ring *ring = (el_ring *)self;
    if (ring->count > ring->mask && el_ring_grow(ring) < 0) return -1;
    ring->items[(ring->head + ring->count) & ring->mask] = Py_NewRef(entry);
    ring->count++;
    return 0;
}

static inline Py_ssize_t el_ring_len(PyObject *self) { return ((el_ring *)self)->count; }

static inline PyObject *el_ring_list(PyObject *self) {
    el_ring *ring = (el_ring *)self;
    PyObject *list = PyList_New(ring->count);
    if (list == NULL) return NULL;
    for (Py_ssize_t i = 0; i < ring->count; i++)
        PyList_SET_ITEM(list, i, Py_NewRef(ring->items[(ring->head + i) & ring->mask]));
    return list;
}

/* -- 2. Heap ----------------------------------------------------------------------------------------------- */

typedef struct {
    double when;     /* loop time, seconds */
    uint64_t order;  /* entries of equal time leave in the order they came */
    PyObject *entry;
    Py_ssize_t *place;  /* the entry's own field with its index here; -1 outside */
} el_slot;

typedef struct {
    PyObject_HEAD
    Py_ssize_t count;
    Py_ssize_t size;
    uint64_t order;
    el_slot *slots;
} el_heap;

static inline int el_before(const el_slot *a, const el_slot *b) {
    return a->when < b->when || (a->when == b->when && a->order < b->order);
}

static inline void el_heap_put(el_heap *heap, Py_ssize_t i, el_slot slot) {
    heap->slots[i] = slot;
    *slot.place = i;
}

static inline void el_heap_up(el_heap *heap, Py_ssize_t i, el_slot slot) {
    while (i > 0) {
        Py_ssize_t parent = (i - 1) >> 2;
        if (!el_before(&slot, &heap->slots[parent])) break;
        el_heap_put(heap, i, heap->slots[parent]);
        i = parent;
    }
    el_heap_put(heap, i, slot);
}

static inline void el_heap_down(el_heap *heap, Py_ssize_t i, el_slot slot) {
    for (;;) {
        Py_ssize_t child = i * 4 + 1, end = child + 4, least = child;
        if (child >= heap->count) break;
        if (end > heap->count) end = heap->count;
        for (Py_ssize_t k = child + 1; k < end; k++)
            if (el_before(&heap->slots[k], &heap->slots[least])) least = k;
        if (!el_before(&heap->slots[least], &slot)) break;
        el_heap_put(heap, i, heap->slots[least]);
        i = least;
    }
    el_heap_put(heap, i, slot);
}

/* Takes the entry at `i` out and returns the heap's reference to it. */
static inline PyObject *el_heap_take(el_heap *heap, Py_ssize_t i) {
    el_slot gone = heap->slots[i];
    *gone.place = -1;
    heap->count--;
    if (i < heap->count) {
        el_slot last = heap->slots[heap->count];
        if (i > 0 && el_before(&last, &heap->slots[(i - 1) >> 2]))
            el_heap_up(heap, i, last);
        else
            el_heap_down(heap, i, last);
    }
    if (heap->size > 64 && heap->count < heap->size / 4) { /* give a burst's memory back */
        el_slot *slots = PyMem_Realloc(heap->slots, (size_t)(heap->size / 2) * sizeof(el_slot));
        if (slots != NULL) {
            heap->slots = slots;
            heap->size /= 2;
        }
    }
    return gone.entry;
}

static int el_heap_traverse(PyObject *self, visitproc visit, void *arg) {
    el_heap *heap = (el_heap *)self;
    for (Py_ssize_t i = 0; i < heap->count; i++) Py_VISIT(heap->slots[i].entry);
    return 0;
}

static int el_heap_clear(PyObject *self) {
    el_heap *heap = (el_heap *)self;
    while (heap->count > 0) {
        PyObject *entry = el_heap_take(heap, heap->count - 1);
        el_gc_return(entry);
        Py_DECREF(entry);
    }
    return 0;
}

static void el_heap_dealloc(PyObject *self) {
    PyObject_GC_UnTrack(self);
    el_heap_clear(self);
    PyMem_Free(((el_heap *)self)->slots);
    PyObject_GC_Del(self);
}

static PyTypeObject el_heap_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "eagerloop.core.Heap",
    .tp_basicsize = sizeof(el_heap),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = el_heap_traverse,
    .tp_clear = el_heap_clear,
    .tp_dealloc = el_heap_dealloc,
};

static inline PyObject *el_heap_new(void) {
    if (PyType_Ready(&el_heap_type) < 0) return NULL;
    el_heap *heap = PyObject_GC_New(el_heap, &el_heap_type);
    if (heap == NULL) return NULL;
    heap->count = heap->size = 0;
    heap->order = 0;
    heap->slots = NULL;
    PyObject_GC_Track(heap);
    return (PyObject *)heap;
}

static inline int el_heap_insert(PyObject *self, PyObject *entry, Py_ssize_t *place, double when) {
    el_heap *heap = (el_heap *)self;
    if (heap->count == heap->size) {
        Py_ssize_t size = heap->size ? heap->size * 2 : 16;
        el_slot *slots = PyMem_Realloc(heap->slots, (size_t)size * sizeof(el_slot));
        if (slots == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        heap->slots = slots;
        heap->size = size;
    }
    el_slot slot = {when, heap->order++, Py_NewRef(entry), place};
    el_heap_up(heap, heap->count++, slot);
    return 0;
}

static inline int el_heap_drop(PyObject *self, Py_ssize_t place) {
    if (place < 0) return 0;
    PyObject *entry = el_heap_take((el_heap *)self, place);
    el_gc_return(entry);
    Py_DECREF(entry);
    return 1;
}

static inline Py_ssize_t el_heap_len(PyObject *self) { return ((el_heap *)self)->count; }
static inline double el_heap_next(PyObject *self) { return ((el_heap *)self)->slots[0].when; }
static inline PyObject *el_heap_pop(PyObject *self) { return el_heap_take((el_heap *)self, 0); }

static inline PyObject *el_heap_list(PyObject *self) {
    el_heap *heap = (el_heap *)self;
    PyObject *list = PyList_New(heap->count);
    if (list == NULL) return NULL;
    for (Py_ssize_t i = 0; i < heap->count; i++)
        PyList_SET_ITEM(list, i, Py_NewRef(heap->slots[i].entry));
    return list;
}

/* Entries are of several classes; each keeps its index in a field `_place`. */
#define EL_HEAP_PUSH(heap, entry, when) el_heap_insert(heap, (PyObject *)(entry), &(entry)->_place, when)
#define EL_HEAP_REMOVE(heap, entry) el_heap_drop(heap, (entry)->_place)

static inline PyObject *el_take_exception(void) {
#if PY_VERSION_HEX >= 0x030C0000
    return PyErr_GetRaisedException();
#else
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL) {
        PyException_SetTraceback(value, traceback);
        Py_DECREF(traceback);
    }
    Py_XDECREF(type);
    return value;
#endif
}

/* -- 3. Context --------------------------------------------------------------------------------------------
 * A Context object is a mutable box around an immutable mapping. Whoever only wants to come back to the same
 * variables later needs the mapping, not the box: `snapshot` returns the mapping, `enter` boxes it in a Context from
 * a small pool, and `leave` takes the mapping out again, unless somebody else got hold of the box meanwhile
 * (get_context(), a Token): then the box stays with its owner for good. A slot therefore holds a mapping or a Context.
 * The box's layout is private but the same from 3.11 to 3.15; el_init checks it and otherwise turns the trick off. */

typedef struct {
    PyObject_HEAD
    PyObject *outer;
    PyObject *variables;
    PyObject *weakrefs;
    int entered;
} el_context;

#define EL_POOL 16
static PyObject *el_pool[EL_POOL];
static int el_pooled = 0;
static PyObject *el_no_variables = NULL; /* the empty mapping; NULL: the layout is not the one we know */

static inline int el_context_init(void) {
    PyObject *context = PyContext_New();
    if (context == NULL) return -1;
    el_context *box = (el_context *)context;
    int known = Py_TYPE(context)->tp_basicsize == sizeof(el_context)
                && Py_TYPE(context)->tp_weaklistoffset == offsetof(el_context, weakrefs)
                && box->variables != NULL && box->entered == 0
                && strcmp(Py_TYPE(box->variables)->tp_name, "hamt") == 0;
    if (known) {
        if (PyContext_Enter(context) < 0) goto failed;
        known = box->entered == 1 && PyThreadState_Get()->context == context;
        if (PyContext_Exit(context) < 0) goto failed;
    }
    if (known && el_no_variables == NULL) el_no_variables = Py_NewRef(box->variables);
    Py_DECREF(context);
    return 0;
failed:
    Py_DECREF(context);
    return -1;
}

static inline PyObject *el_context_snapshot(void) {
    PyObject *context = PyThreadState_Get()->context;
    if (el_no_variables == NULL) return PyContext_CopyCurrent();
    return Py_NewRef(context == NULL ? el_no_variables : ((el_context *)context)->variables);
}

/* A new reference to a Context with the slot's variables. */
static inline PyObject *el_context_box(PyObject *slot) {
    PyObject *context;
    if (PyContext_CheckExact(slot)) return Py_NewRef(slot);
    if (el_pooled > 0)
        context = el_pool[--el_pooled];
    else if ((context = PyContext_New()) == NULL)
        return NULL;
    Py_XSETREF(((el_context *)context)->variables, Py_NewRef(slot));
    return context;
}

/* Enters the slot's variables; the slot holds the Context until `el_context_leave`. */
static inline int el_context_enter(PyObject **slot) {
    PyObject *context = el_context_box(*slot);
    if (context == NULL) return -1;
    if (PyContext_Enter(context) < 0) {
        Py_DECREF(context);
        return -1;
    }
    Py_SETREF(*slot, context);
    return 0;
}

static inline void el_context_leave(PyObject *context, PyObject **slot) {
    el_context *box = (el_context *)context;
    if (PyContext_Exit(context) < 0) PyErr_WriteUnraisable(context); /* something entered another and never left it */
    if (el_no_variables == NULL || *slot != context || Py_REFCNT(context) != 1 || box->weakrefs != NULL) return;
    *slot = box->variables;
    box->variables = Py_NewRef(el_no_variables); /* a pooled box keeps nobody's values alive */
    if (el_pooled < EL_POOL)
        el_pool[el_pooled++] = context;
    else
        Py_DECREF(context);
}

/* The Context of a slot, kept there from now on. */
static inline PyObject *el_context_object(PyObject **slot) {
    if (!PyContext_CheckExact(*slot)) {
        PyObject *context = el_context_box(*slot);
        if (context == NULL) return NULL;
        Py_SETREF(*slot, context);
    }
    return Py_NewRef(*slot);
}
#define EL_CONTEXT_OBJECT(owner) el_context_object(&(owner)->_context)

/* Calls `callback(*args)` in the slot's context. Returns None, or the exception that it raised: Cython's own `try` would
 * cost each call as much as entering the context does. */
static inline PyObject *el_context_call(PyObject **slot, PyObject *callback, PyObject *args) {
    if (el_context_enter(slot) < 0) return el_take_exception();
    PyObject *context = *slot;
    Py_INCREF(callback);
    Py_INCREF(args);
    PyObject *result = PyObject_Vectorcall(
        callback, ((PyTupleObject *)args)->ob_item, (size_t)PyTuple_GET_SIZE(args), NULL);
    Py_DECREF(callback);
    Py_DECREF(args);
    if (result == NULL)
        result = el_take_exception();
    else
        Py_SETREF(result, Py_NewRef(Py_None));
    el_context_leave(context, slot);
    return result;
}
#define EL_CALL(handle) el_context_call(&(handle)->_context, (handle)->_callback, (handle)->_args)

/* Calls `function(argument)` in the owner's context. */
static inline PyObject *el_context_call_one(PyObject **slot, PyObject *function, PyObject *argument) {
    if (el_context_enter(slot) < 0) return NULL;
    PyObject *context = *slot;
    PyObject *result = PyObject_CallOneArg(function, argument);
    el_context_leave(context, slot);
    return result;
}
#define EL_CALL_ONE(owner, function, argument) el_context_call_one(&(owner)->_context, function, argument)

/* The same with two arguments. */
static inline PyObject *el_context_call_two(PyObject **slot, PyObject *function, PyObject *first, PyObject *second) {
    PyObject *arguments[3] = {NULL, first, second};
    if (el_context_enter(slot) < 0) return NULL;
    PyObject *context = *slot;
    PyObject *result = PyObject_Vectorcall(function, arguments + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    el_context_leave(context, slot);
    return result;
}
#define EL_CALL_TWO(owner, function, first, second) el_context_call_two(&(owner)->_context, function, first, second)

/* A Context that only the slot holds gives way to its variables. */
static inline int el_context_slim(PyObject **slot) {
    el_context *box = (el_context *)*slot;
    if (el_no_variables == NULL || !PyContext_CheckExact(*slot)) return 0;
    if (Py_REFCNT(box) != 1 || box->entered || box->weakrefs != NULL) return 0;
    Py_SETREF(*slot, Py_NewRef(box->variables));
    return 0;
}
#define EL_CONTEXT_SLIM(owner) el_context_slim(&(owner)->_context)

/* -- 4. Send ----------------------------------------------------------------------------------------------- */

enum { EL_YIELDED = 0, EL_RETURNED = 1, EL_RAISED = 2 };
static int el_kind_of_last = EL_YIELDED;
static PyObject *el_str_throw = NULL;

/* Sends None (or throws `error`) into the coroutine, in the slot's context. Returns what it yielded, returned or raised;
 * `EL_KIND` says which, and must be asked at once. */
static inline PyObject *el_send(PyObject *coroutine, PyObject *error, PyObject **slot) {
    PyObject *result = NULL;
    int kind;
    if (el_context_enter(slot) < 0) { /* a Context that is entered already: the task's fault, and its failure */
        el_kind_of_last = EL_RAISED;
        return el_take_exception();
    }
    PyObject *context = *slot;
    Py_INCREF(coroutine);
    if (error == Py_None) {
        switch (PyIter_Send(coroutine, Py_None, &result)) {
            case PYGEN_NEXT: kind = EL_YIELDED; break;
            case PYGEN_RETURN: kind = EL_RETURNED; break;
            default: kind = EL_RAISED;
        }
    } else {
        result = PyObject_CallMethodOneArg(coroutine, el_str_throw, error);
        kind = result == NULL ? EL_RAISED : EL_YIELDED;
    }
    if (kind == EL_RAISED) {
        result = el_take_exception();
        if (error != Py_None && PyErr_GivenExceptionMatches(result, PyExc_StopIteration)) {
            PyObject *value = ((PyStopIterationObject *)result)->value;
            value = Py_NewRef(value == NULL ? Py_None : value);
            Py_SETREF(result, value);
            kind = EL_RETURNED;
        }
    }
    Py_DECREF(coroutine);
    el_context_leave(context, slot);
    el_kind_of_last = kind;
    return result;
}
#define EL_SEND(task, error) el_send((task)->_coro, error, &(task)->_context)
#define EL_KIND(outcome) el_kind_of_last
#define EL_VALUE(outcome) Py_NewRef(outcome)

/* A compiled class is a static type; a class that a user derives from it is not. */
static inline int el_is_native(PyObject *object) { return !(Py_TYPE(object)->tp_flags & Py_TPFLAGS_HEAPTYPE); }

/* -- 5. Awaitable ------------------------------------------------------------------------------------------
 * An installed type is its own iterator under `await`: am_send asks its `poll` (1 finished, 0 wait, -1 error) and takes
 * from `take` the result or what to wait for. No iterator object, no StopIteration. One kind of awaitable a module. */

typedef int (*el_poll_function)(PyObject *);
typedef PyObject *(*el_take_function)(PyObject *, int);
static el_poll_function el_poll;
static el_take_function el_take;

static PySendResult el_am_send(PyObject *self, PyObject *Py_UNUSED(value), PyObject **result) {
    int finished = el_poll(self);
    *result = NULL;
    if (finished < 0 || (*result = el_take(self, finished)) == NULL) return PYGEN_ERROR;
    return finished ? PYGEN_RETURN : PYGEN_NEXT;
}

static PyObject *el_am_await(PyObject *self) { return Py_NewRef(self); }

static PyObject *el_iternext(PyObject *self) {
    PyObject *result;
    PySendResult sent = el_am_send(self, Py_None, &result);
    if (sent == PYGEN_RETURN) {
        PyObject *stop = PyObject_CallOneArg(PyExc_StopIteration, result); /* also right for a tuple */
        if (stop != NULL) PyErr_SetObject(PyExc_StopIteration, stop);
        Py_XDECREF(stop);
        Py_CLEAR(result);
    }
    return result;
}

/* Gives `type` and the compiled classes derived from it the slots above, in a table of their own: static types share
 * their base's. A class derived later inherits it. */
static int el_install(PyObject *cls, PyAsyncMethods *methods) {
    PyTypeObject *type = (PyTypeObject *)cls;
    if (type->tp_flags & Py_TPFLAGS_HEAPTYPE) return 0; /* a user's class: its __await__ is a method like any other */
    type->tp_as_async = methods;
    type->tp_iternext = el_iternext;
    PyType_Modified(type);
    PyObject *derived = PyObject_CallMethod(cls, "__subclasses__", NULL);
    if (derived == NULL) return -1;
    int failed = 0;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(derived) && !failed; i++)
        failed = el_install(PyList_GET_ITEM(derived, i), methods);
    Py_DECREF(derived);
    return failed;
}

static inline int el_install_with(PyObject *cls, el_poll_function poll, el_take_function take) {
    static PyAsyncMethods methods = {.am_await = el_am_await, .am_send = el_am_send};
    el_poll = poll;
    el_take = take;
    return el_install(cls, &methods);
}
#define EL_INSTALL(type, poll, take) \
    el_install_with((PyObject *)(type), (el_poll_function)(void *)(poll), (el_take_function)(void *)(take))

/* -- 6. Current --------------------------------------------------------------------------------------------
 * The running loop is kept by asyncio. Up to 3.11 asking for it costs a system call, by which a forked child learns that
 * none is its own; so there we look where asyncio looks, and learn of the fork by ourselves. */

static PyObject *el_ask_running = NULL; /* the stdlib's _get_running_loop */

#if PY_VERSION_HEX < 0x030C0000
#include <pthread.h>
#include <unistd.h>

typedef struct {
    PyObject_HEAD
    pid_t process;
    PyObject *loop;
} el_holder;
static PyObject *el_holder_key = NULL; /* NULL: the holder is not what we know */
static pid_t el_process = 0;
static void el_forked(void) { el_process = getpid(); }

static inline el_holder *el_holder_of_thread(void) {
    PyObject *names = PyThreadState_GetDict(); /* borrowed, and so is what it holds */
    return names == NULL ? NULL : (el_holder *)PyDict_GetItemWithError(names, el_holder_key);
}

static inline PyObject *el_running(void) {
    if (el_holder_key == NULL) return PyObject_CallNoArgs(el_ask_running);
    el_holder *holder = el_holder_of_thread();
    if (holder == NULL && PyErr_Occurred()) return NULL;
    return Py_NewRef(holder == NULL || holder->process != el_process ? Py_None : holder->loop);
}

/* Has asyncio write an object, and looks whether it is found. */
static inline int el_running_init(PyObject *events) {
    PyObject *before = PyObject_CallNoArgs(el_ask_running), *key = NULL, *done = NULL;
    if (before == NULL) return -1;
    if ((key = PyUnicode_InternFromString("__asyncio_running_event_loop__")) == NULL) goto failed;
    if ((done = PyObject_CallMethod(events, "_set_running_loop", "O", key)) == NULL) goto failed;
    el_process = getpid();
    el_holder_key = key;
    el_holder *holder = el_holder_of_thread();
    if (holder == NULL || Py_TYPE(holder)->tp_basicsize != sizeof(el_holder) || holder->process != el_process
        || holder->loop != key || pthread_atfork(NULL, NULL, el_forked) != 0)
        el_holder_key = NULL;
    if (PyErr_Occurred()) goto failed;
    Py_SETREF(done, PyObject_CallMethod(events, "_set_running_loop", "O", before));
    if (done == NULL) goto failed;
    Py_DECREF(before);
    Py_DECREF(done);
    return 0;
failed:
    el_holder_key = NULL;
    Py_DECREF(before);
    Py_XDECREF(key);
    Py_XDECREF(done);
    return -1;
}
#else
static inline PyObject *el_running(void) { return PyObject_CallNoArgs(el_ask_running); }
static inline int el_running_init(PyObject *Py_UNUSED(events)) { return 0; }
#endif

static PyObject *el_current_tasks = NULL; /* 3.11 to 3.13: asyncio's own {loop: task} */
static PyObject *el_swap_current = NULL;  /* 3.14 and newer: the task is in the thread state, behind this function */

static PyObject *el_get_current = NULL;   /* 3.14 and newer: the stdlib's current_task */

static inline PyObject *el_current_get(PyObject *loop) {
    if (el_current_tasks == NULL) return PyObject_CallOneArg(el_get_current, loop);
    PyObject *task = PyDict_GetItemWithError(el_current_tasks, loop); /* borrowed */
    if (task == NULL && PyErr_Occurred()) return NULL;
    return Py_NewRef(task == NULL ? Py_None : task);
}

static inline int el_current_set(PyObject *loop, PyObject *task) {
    if (el_current_tasks != NULL) {
        if (task != Py_None) return PyDict_SetItem(el_current_tasks, loop, task);
        if (PyDict_DelItem(el_current_tasks, loop) < 0) {
            if (!PyErr_ExceptionMatches(PyExc_KeyError)) return -1;
            PyErr_Clear(); /* there was none */
        }
        return 0;
    }
    PyObject *arguments[2] = {loop, task};
    PyObject *previous = PyObject_Vectorcall(el_swap_current, arguments, 2, NULL);
    if (previous == NULL) return -1;
    Py_DECREF(previous);
    return 0;
}

/* To be called by every module that uses 3, 4 or 6, before it does. */
static inline int el_init(void) {
    if (el_str_throw != NULL) return 0;
    PyObject *events = PyImport_ImportModule("asyncio.events"), *tasks = PyImport_ImportModule("asyncio.tasks");
    int failed = 1;
    if (events == NULL || tasks == NULL) goto done;
    el_ask_running = PyObject_GetAttrString(events, "_get_running_loop");
#if PY_VERSION_HEX < 0x030E0000
    el_current_tasks = PyObject_GetAttrString(tasks, "_current_tasks");
    failed = el_ask_running == NULL || el_current_tasks == NULL;
#else
    el_swap_current = PyObject_GetAttrString(tasks, "_swap_current_task");
    el_get_current = PyObject_GetAttrString(tasks, "current_task");
    failed = el_ask_running == NULL || el_swap_current == NULL || el_get_current == NULL;
#endif
    failed = failed || el_mark_init() < 0 || el_running_init(events) < 0 || el_context_init() < 0
             || (el_str_throw = PyUnicode_InternFromString("throw")) == NULL;
done:
    Py_XDECREF(events);
    Py_XDECREF(tasks);
    return failed ? -1 : 0;
}

/* What the names of tasks count. Only one module may use it. */
static inline long el_next_number(void) {
    static long last = 0;
    return ++last;
}

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

#include "kernel.h"

#endif
