# Nothing here has a layout of its own: the file is compiled because it runs for every task.
