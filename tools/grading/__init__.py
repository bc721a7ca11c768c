"""Grade submitted labs without trusting them.

``python -m tools.grading --submissions DIR`` does what ``make grade`` does.
A submission meets three processes:

* the *worker* (`worker`) runs the student's cells in a sandbox of its own;
* the *checker* (`checker`) runs the lab itself, with hidden checks, in
  another sandbox, where every name that students define is a proxy: a call
  sends its arguments to the worker and brings back data (`wire`, `ship`);
* the *orchestrator* (`grade`) starts both, and gathers verdicts and files.

Marks come from the checker alone. The page *How to grade* of the book says
how to use it, what the isolation covers and what it does not.
"""
