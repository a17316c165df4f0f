"""Reading data: record files, queues, readers, and the threads that fill queues."""
