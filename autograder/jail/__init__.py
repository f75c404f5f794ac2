"""The jail: an outer bubblewrap sandbox with a warm process, and in it one supervised, namespaced process per submission.

`inside/` is what runs in there; it imports nothing of `autograder` and is mounted by path. The trusted side is `launch` (the outer
sandbox), `process` (one student process and its calls) and `errors`.
"""
