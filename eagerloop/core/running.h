/* The third part of runtime.h: where the stdlib sees which loop and which task run. */
#ifndef EAGERLOOP_RUNNING_H
#define EAGERLOOP_RUNNING_H

#include <Python.h>
#include <pthread.h>
#include <unistd.h>

#include "steps.h"

/* -- 6. Current --------------------------------------------------------------------------------------------
 * The running loop is kept by asyncio. Up to 3.11 asking for it costs a system call, by which a forked child learns that
 * none is its own; so there we look where asyncio looks, and learn of the fork by ourselves. */

static PyObject *el_ask_running = NULL; /* the stdlib's _get_running_loop */

static PyObject *el_current_tasks = NULL; /* 3.11 to 3.13: asyncio's own {loop: task} */
static PyObject *el_swap_current = NULL;  /* 3.14 and newer: the task is in the thread state, behind this function */
static PyObject *el_get_current = NULL;   /* 3.14 and newer: the stdlib's current_task */

/* From 3.13 on the thread state holds the running loop and, next to it and from 3.14 on, the running task, behind what is
 * public of it. `el_seat_init` has asyncio write them and looks where they are; not found, asyncio is asked each time. */
typedef struct {
    PyObject *loop; /* NULL: none runs */
    PyObject *task; /* NULL: none of that loop's */
} el_seat;
static ptrdiff_t el_seat_at = 0; /* bytes from the thread state; 0: not found */

static inline el_seat *el_seat_of_thread(void) {
    return el_seat_at == 0 ? NULL : (el_seat *)((char *)PyThreadState_Get() + el_seat_at);
}

#if PY_VERSION_HEX >= 0x030D0000 && !defined(Py_GIL_DISABLED)
/* How many words behind the public part to look at: the thread state has more of them. */
#if PY_VERSION_HEX >= 0x030F0000
#define EL_SEAT_WORDS 24
#elif PY_VERSION_HEX >= 0x030E0000
#define EL_SEAT_WORDS 12
#else
#define EL_SEAT_WORDS 2
#endif
static inline int el_seat_init(PyObject *events) {
    PyObject *before = PyObject_CallNoArgs(el_ask_running), *loop = PyDict_New(), *task = PyDict_New();
    PyObject *set = PyObject_CallMethod(events, "_set_running_loop", "O", loop), *previous = NULL, *back = NULL;
    int failed = -1;
    if (before == NULL || loop == NULL || task == NULL || set == NULL) goto done;
    if (el_swap_current != NULL && (previous = PyObject_CallFunctionObjArgs(el_swap_current, loop, task, NULL)) == NULL)
        goto done;
    PyObject **words = (PyObject **)(PyThreadState_Get() + 1);
    for (int i = 0; i < EL_SEAT_WORDS && el_seat_at == 0; i++)
        if (words[i] == loop && (previous == NULL || words[i + 1] == task))
            el_seat_at = (char *)(words + i) - (char *)PyThreadState_Get();
    if (previous != NULL && (back = PyObject_CallFunctionObjArgs(el_swap_current, loop, previous, NULL)) != task) goto done;
    Py_XSETREF(set, PyObject_CallMethod(events, "_set_running_loop", "O", before));
    failed = set != NULL ? 0 : -1;
done:
    Py_XDECREF(before);
    Py_XDECREF(loop);
    Py_XDECREF(task);
    Py_XDECREF(set);
    Py_XDECREF(previous);
    Py_XDECREF(back);
    return failed;
}
#else
static inline int el_seat_init(PyObject *Py_UNUSED(events)) { return 0; }
#endif

#if PY_VERSION_HEX < 0x030C0000
typedef struct {
    PyObject_HEAD
    PyObject *loop;
    pid_t process;
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
static inline PyObject *el_running(void) {
    el_seat *seat = el_seat_of_thread();
    if (seat != NULL) return Py_NewRef(seat->loop == NULL ? Py_None : seat->loop);
    return PyObject_CallNoArgs(el_ask_running);
}
static inline int el_running_init(PyObject *Py_UNUSED(events)) { return 0; }
#endif

/* Up to 3.13 each step writes into asyncio's dict, and to look its loop up there costs as much as a wake-up does. So we
 * remember in which entry of the table it was, and write there as long as that table has that loop in it. What a table
 * looks like is private, but the same from 3.11 to 3.13; el_table_init looks whether it is what we know. */
#if PY_VERSION_HEX < 0x030E0000 && !defined(Py_GIL_DISABLED)
typedef struct {
    Py_ssize_t references;
    uint8_t log2_size, log2_index_bytes, kind; /* kind 0: keys of any type, and their hashes in the entries */
    uint32_t version;
    Py_ssize_t usable, count;
} el_table;
typedef struct {
    Py_hash_t hash;
    PyObject *key, *value;
} el_entry;
static int el_table_known = 0;
static struct {
    el_table *table;
    Py_ssize_t at;
} el_last_entry = {NULL, 0};

static inline el_entry *el_table_entries(el_table *table) {
    return (el_entry *)((char *)(table + 1) + ((size_t)1 << table->log2_index_bytes));
}

static inline el_table *el_table_of(PyObject *dict) {
    return ((PyDictObject *)dict)->ma_values == NULL ? (el_table *)((PyDictObject *)dict)->ma_keys : NULL;
}

/* Where the loop's task is written; NULL if that is not known. */
static inline PyObject **el_entry_of(PyObject *loop) {
    el_table *table = el_table_of(el_current_tasks);
    if (table == NULL || table != el_last_entry.table || el_last_entry.at >= table->count) return NULL;
    el_entry *entry = el_table_entries(table) + el_last_entry.at;
    return entry->key == loop && entry->value != NULL ? &entry->value : NULL;
}

static inline void el_entry_remember(PyObject *loop) {
    el_table *table = el_table_of(el_current_tasks);
    if (!el_table_known || table == NULL || table->kind != 0) return;
    for (Py_ssize_t i = table->count - 1; i >= 0; i--) {
        if (el_table_entries(table)[i].key != loop) continue;
        el_last_entry.table = table;
        el_last_entry.at = i;
        return;
    }
}

static inline int el_table_init(void) {
    PyObject *probe = PyDict_New(), *key = PyLong_FromLong(1 << 30);
    int failed = probe == NULL || key == NULL || PyDict_SetItem(probe, key, probe) < 0;
    if (!failed) {
        el_table *table = el_table_of(probe);
        el_table_known = table != NULL && table->kind == 0 && table->count == 1 && table->log2_size == 3
                         && table->log2_index_bytes == 3 && el_table_entries(table)->key == key
                         && el_table_entries(table)->value == probe;
        PyDict_Clear(probe);
    }
    Py_XDECREF(probe);
    Py_XDECREF(key);
    return failed ? -1 : 0;
}
#else
static inline PyObject **el_entry_of(PyObject *Py_UNUSED(loop)) { return NULL; }
static inline void el_entry_remember(PyObject *Py_UNUSED(loop)) {}
static inline int el_table_init(void) { return 0; }
#endif

static inline PyObject *el_current_get(PyObject *loop) {
    if (el_current_tasks == NULL) {
        el_seat *seat = el_seat_of_thread();
        if (seat != NULL && seat->loop == loop) return Py_NewRef(seat->task == NULL ? Py_None : seat->task);
        return PyObject_CallOneArg(el_get_current, loop);
    }
    PyObject *task = PyDict_GetItemWithError(el_current_tasks, loop); /* borrowed */
    if (task == NULL && PyErr_Occurred()) return NULL;
    return Py_NewRef(task == NULL ? Py_None : task);
}

static inline int el_current_set(PyObject *loop, PyObject *task) {
    if (el_current_tasks != NULL) {
        if (task != Py_None) {
            PyObject **entry = el_entry_of(loop);
            if (entry != NULL) {
                Py_SETREF(*entry, Py_NewRef(task));
                return 0;
            }
            if (PyDict_SetItem(el_current_tasks, loop, task) < 0) return -1;
            el_entry_remember(loop);
            return 0;
        }
        if (PyDict_DelItem(el_current_tasks, loop) < 0) {
            if (!PyErr_ExceptionMatches(PyExc_KeyError)) return -1;
            PyErr_Clear(); /* there was none */
        }
        return 0;
    }
    el_seat *seat = el_seat_of_thread();
    if (seat != NULL && seat->loop == loop) {
        Py_XSETREF(seat->task, task == Py_None ? NULL : Py_NewRef(task));
        return 0;
    }
    PyObject *arguments[2] = {loop, task};
    PyObject *previous = PyObject_Vectorcall(el_swap_current, arguments, 2, NULL);
    if (previous == NULL) return -1;
    Py_DECREF(previous);
    return 0;
}

/* Whether `callback` is what a task of asyncio's own C type `tasks` gives to a future that it waits for. */
static inline int el_wakes_one_of(PyObject *callback, PyObject *tasks) {
    if (!PyCFunction_CheckExact(callback)) return 0;
    PyObject *task = PyCFunction_GET_SELF(callback); /* borrowed */
    return task != NULL && (PyObject *)Py_TYPE(task) == tasks
           && strcmp(((PyCFunctionObject *)callback)->m_ml->ml_name, "task_wakeup") == 0;
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
    failed = el_ask_running == NULL || el_current_tasks == NULL || el_seat_init(events) < 0;
#else
    el_swap_current = PyObject_GetAttrString(tasks, "_swap_current_task");
    el_get_current = PyObject_GetAttrString(tasks, "current_task");
    failed = el_ask_running == NULL || el_swap_current == NULL || el_get_current == NULL || el_seat_init(events) < 0;
#endif
    failed = failed || el_mark_init() < 0 || el_table_init() < 0 || el_running_init(events) < 0 || el_context_init() < 0
             || (el_str_throw = PyUnicode_InternFromString("throw")) == NULL;
done:
    Py_XDECREF(events);
    Py_XDECREF(tasks);
    return failed ? -1 : 0;
}

/* Whether all of it is where we look; if not, nothing is wrong but the speed. */
static inline int el_places_known(void) {
#if PY_VERSION_HEX < 0x030E0000 && !defined(Py_GIL_DISABLED)
    if (!el_table_known) return 0;
#endif
#if PY_VERSION_HEX < 0x030C0000
    return el_holder_key != NULL;
#elif PY_VERSION_HEX < 0x030D0000
    return 1;
#else
    return el_seat_at != 0;
#endif
}

/* What the names of tasks count. Only one module may use it. */
static inline long el_next_number(void) {
    static long last = 0;
    return ++last;
}

#endif
