"""The benchmark behind `eagerloop bench`.

Strategy, and the rules that make a figure believable:

- Every sample is a fresh process, and the samples are interleaved round by round: first each
  implementation once, then each once more. A machine that slows down slows all of them down.
- The first figure is CPU time (user + system) per operation. Wall time and latency follow.
- Warm-up is left out. On two cores or more the measured process has one of its own and the load
  generator another, which is a C program and is not the bottleneck.
- A peer's process never imports eagerloop: `sample.py` is run by its path, and loads this package
  under another name. So nothing in here may import from the rest of eagerloop, except
  `implementations.py`, by name, when it was asked for eagerloop.

    case.py               what a case is; tasks, callbacks, sync, memory, net: the cases
    catalogue.py          all of them, and the choice a command line makes
    implementations.py    what is compared
    servers.py            the servers of the network cases
    sample.py             one process, one sample
    harness.py            rounds of samples; interpreter.py, processes.py: of whom and where
    loading.py            server and load generator; native/: the C programs, made by build.py
    instructions.py       counted, not timed
    results.py            figures and ratios; environment.py: where they were taken
    chart.py              the picture
"""
