"""Grade submitted labs without trusting them.

``python -m tools.grading --submissions DIR`` does what ``make grade`` does.
A submission meets three processes:

* the *worker* (`inside.worker`) runs the student's cells in a sandbox;
* the *checker* (`inside.checker`) runs the lab itself, with hidden checks, in
  another sandbox, where every name that students define is a proxy: a call
  sends its arguments to the worker and brings back data;
* the *orchestrator* (`grade`) starts both, and gathers verdicts and files.

Marks come from the checker alone. What crosses between the two is documented
in `inside/README.md`. The page *How to grade* of the book says
how to use it, what the isolation covers and what it does not.
"""
