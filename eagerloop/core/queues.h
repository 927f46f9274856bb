/* The first part of runtime.h: what the collector is told of an object, the ready queue and the heap of timers. */
#ifndef EAGERLOOP_QUEUES_H
#define EAGERLOOP_QUEUES_H

#include <Python.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What only the ready queue or the heap holds need not be walked by the collector: most of it is gone before a collection
 * would find it alive. It is untracked when it is queued, and tracked again when it leaves and somebody else holds it.
 *
 * An object whose finalizer has nothing to say any more is marked as if it had run: calling it would cost as much as the
 * rest of the deallocation. Not so a class that a user derives: its finalizer may have more to say.
 *
 * Both are seen in two words before the object, which are private, but the same from 3.11 to 3.15; el_mark_init looks
 * whether they are what we know. */
static int el_can_mark = 0;
#define EL_GC_WORDS 2
static inline uintptr_t *el_gc_words(PyObject *object) { return (uintptr_t *)object - EL_GC_WORDS; }

static inline void el_gc_untrack(PyObject *object) {
    if (!el_can_mark || el_gc_words(object)[0] != 0) PyObject_GC_UnTrack(object);
}
/* For objects of types that the collector walks. */
static inline void el_gc_track(PyObject *object) {
    if (el_can_mark ? el_gc_words(object)[0] == 0 : !PyObject_GC_IsTracked(object)) PyObject_GC_Track(object);
}
/* For an object that is about to go unless somebody else holds it. */
static inline void el_gc_return(PyObject *object) {
    if (Py_REFCNT(object) > 1 && (Py_TYPE(object)->tp_flags & Py_TPFLAGS_HAVE_GC)) el_gc_track(object);
}
static inline int el_gc_is_finalized(PyObject *object) {
    return el_can_mark ? (int)(el_gc_words(object)[1] & 1) : PyObject_GC_IsFinalized(object);
}
static inline void el_mark_finalized(PyObject *object) {
    if (el_can_mark && !(Py_TYPE(object)->tp_flags & Py_TPFLAGS_HEAPTYPE)) el_gc_words(object)[1] |= 1;
}
static inline int el_mark_init(void) {
#ifndef Py_GIL_DISABLED
    PyObject *probe = PyList_New(0);
    if (probe == NULL) return -1;
    uintptr_t *words = el_gc_words(probe), before = words[1];
    int was = PyObject_GC_IsFinalized(probe), tracked = words[0] != 0;
    words[1] |= 1;
    el_can_mark = !was && PyObject_GC_IsFinalized(probe) && tracked && PyObject_GC_IsTracked(probe);
    words[1] = before;
    PyObject_GC_UnTrack(probe);
    el_can_mark = el_can_mark && words[0] == 0 && !PyObject_GC_IsTracked(probe);
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
#define EL_HAS_NO_DICT(owner) ((owner)->__dict__ == NULL)

/* The interpreter finds a method fastest where there is no `__dict__` to look into; up to 3.11, where there is one. */
#if PY_VERSION_HEX < 0x030C0000
#define EL_DICT_FOR_METHODS(owner) 0
#else
#define EL_DICT_FOR_METHODS EL_DICT_DROP
#endif

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

/* A task that waits in a crowd hides its coroutine from the collector (task.py), whose deallocator counts on being known. */
static int el_show_coroutine(PyObject *held, void *Py_UNUSED(nothing)) {
    if (PyCoro_CheckExact(held)) el_gc_track(held);
    return 0;
}

static int el_ring_clear(PyObject *self) {
    while (((el_ring *)self)->count > 0) {
        PyObject *entry = el_ring_pop(self);
        if (Py_TYPE(entry)->tp_traverse != NULL) Py_TYPE(entry)->tp_traverse(entry, el_show_coroutine, NULL);
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
    Py_ssize_t size = ring->mask + 1; /* it is full */
    PyObject **items = PyMem_Realloc(ring->items, (size_t)size * 2 * sizeof(PyObject *));
    if (items == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(items + size, items, (size_t)ring->head * sizeof(PyObject *)); /* what stood before the head follows the end */
    ring->items = items;
    ring->mask = size * 2 - 1;
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

/* The queue of an agenda, or of the future's whose loop it is: without counting a reference to the queue. */
#define EL_READY_PUSH(agenda, entry) el_ring_push((agenda)->_ring, entry)
#define EL_READY_POP(agenda) el_ring_pop((agenda)->_ring)
#define EL_READY_PUSH_FOR(fut, entry) el_ring_push((fut)->_agenda->_ring, entry)
#define EL_READY_LEN(agenda) el_ring_len((agenda)->_ring)

/* Up to 3.11 making an object may run the collector, and so finalizers, which may add to a queue or take from it. */
static inline PyObject *el_list_for(const Py_ssize_t *count) {
    for (;;) {
        Py_ssize_t size = *count;
        PyObject *list = PyList_New(size);
        if (list == NULL || size == *count) return list;
        Py_DECREF(list);
    }
}

static inline PyObject *el_ring_list(PyObject *self) {
    el_ring *ring = (el_ring *)self;
    PyObject *list = el_list_for(&ring->count);
    if (list == NULL) return NULL;
    for (Py_ssize_t i = 0; i < ring->count; i++)
        PyList_SET_ITEM(list, i, Py_NewRef(ring->items[(ring->head + i) & ring->mask]));
    return list;
}

/* -- 2. Heap ----------------------------------------------------------------------------------------------- */

/* Entries are of several classes. Each has an int field `_place`: 1 + its index here, 0 outside. */
typedef struct {
    double when;     /* loop time, seconds */
    uint64_t order;  /* entries of equal time leave in the order they came; the low bits: where `_place` is in the entry */
    PyObject *entry;
} el_slot;
#define EL_ORDER_BITS 12
#define EL_PLACE_OFFSET ((1 << EL_ORDER_BITS) - 1)

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

static inline int *el_place(const el_slot *slot) {
    return (int *)((char *)slot->entry + (slot->order & EL_PLACE_OFFSET));
}

static inline void el_heap_put(el_heap *heap, Py_ssize_t i, el_slot slot) {
    heap->slots[i] = slot;
    *el_place(&slot) = (int)i + 1;
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
    *el_place(&gone) = 0;
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

static inline int el_heap_insert(PyObject *self, PyObject *entry, ptrdiff_t offset, double when) {
    el_heap *heap = (el_heap *)self;
    if (heap->count == heap->size) {
        Py_ssize_t size = heap->size ? heap->size * 2 : 16;
        el_slot *slots = size > INT_MAX ? NULL : PyMem_Realloc(heap->slots, (size_t)size * sizeof(el_slot));
        if (slots == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        heap->slots = slots;
        heap->size = size;
    }
    el_slot slot = {when, heap->order++ << EL_ORDER_BITS | (uint64_t)offset, Py_NewRef(entry)};
    el_heap_up(heap, heap->count++, slot);
    return 0;
}

static inline int el_heap_drop(PyObject *self, int place) {
    if (place == 0) return 0;
    PyObject *entry = el_heap_take((el_heap *)self, place - 1);
    el_gc_return(entry);
    Py_DECREF(entry);
    return 1;
}

/* The same for an entry that refers to nothing any more, and so to no cycle: the collector never hears of it. */
static inline void el_heap_forget(PyObject *self, int place) {
    if (place == 0) return;
    PyObject *entry = el_heap_take((el_heap *)self, place - 1);
    Py_DECREF(entry);
}

static inline Py_ssize_t el_heap_len(PyObject *self) { return ((el_heap *)self)->count; }
static inline double el_heap_next(PyObject *self) { return ((el_heap *)self)->slots[0].when; }
static inline PyObject *el_heap_pop(PyObject *self) { return el_heap_take((el_heap *)self, 0); }

static inline PyObject *el_heap_list(PyObject *self) {
    el_heap *heap = (el_heap *)self;
    PyObject *list = el_list_for(&heap->count);
    if (list == NULL) return NULL;
    for (Py_ssize_t i = 0; i < heap->count; i++)
        PyList_SET_ITEM(list, i, Py_NewRef(heap->slots[i].entry));
    return list;
}

#define EL_HEAP_PUSH(heap, entry, when) \
    el_heap_insert(heap, (PyObject *)(entry), (char *)&(entry)->_place - (char *)(entry), when)
#define EL_TIMERS_PUSH(agenda, entry, when) EL_HEAP_PUSH((agenda)->_timers, entry, when)
#define EL_HEAP_REMOVE(heap, entry) el_heap_drop(heap, (entry)->_place)
#define EL_HEAP_FORGET(heap, entry) el_heap_forget(heap, (entry)->_place)
#define EL_TIMERS_LEN(agenda) el_heap_len((agenda)->_timers)
#define EL_TIMERS_DUE(agenda) el_heap_next((agenda)->_timers)
#define EL_TIMERS_POP(agenda) el_heap_pop((agenda)->_timers)

#endif
