/* The second part of runtime.h: how a coroutine is stepped, in its context, and where the stdlib sees it. */
#ifndef EAGERLOOP_STEPS_H
#define EAGERLOOP_STEPS_H

#include <Python.h>
#include <pthread.h>
#include <unistd.h>

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

/* Raises StopIteration with a result that it takes over. 3.12 and 3.13 await by it, so there it is built by hand: calling
 * its class costs as much as the await does. */
static void el_stop_with(PyObject *result) {
#if PY_VERSION_HEX < 0x030C0000
    PyObject *stop = PyObject_CallOneArg(PyExc_StopIteration, result); /* also right for a tuple */
    if (stop != NULL) PyErr_SetObject(PyExc_StopIteration, stop);
    Py_XDECREF(stop);
    Py_DECREF(result);
#else
    PyTypeObject *type = (PyTypeObject *)PyExc_StopIteration;
    PyObject *args = PyTuple_New(1);
    PyStopIterationObject *stop = args == NULL ? NULL : (PyStopIterationObject *)type->tp_alloc(type, 0);
    if (stop == NULL) {
        Py_XDECREF(args);
        Py_DECREF(result);
        return;
    }
    PyTuple_SET_ITEM(args, 0, Py_NewRef(result));
    stop->args = args;
    stop->value = result;
    PyErr_SetRaisedException((PyObject *)stop);
#endif
}

static PyObject *el_iternext(PyObject *self) {
    PyObject *result;
    PySendResult sent = el_am_send(self, Py_None, &result);
    if (sent == PYGEN_RETURN && result == Py_None) { /* as generators do; 3.12 and 3.13 await by this slot */
        Py_CLEAR(result);
    } else if (sent == PYGEN_RETURN) {
        el_stop_with(result);
        result = NULL;
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

#endif
