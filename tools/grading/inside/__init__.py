"""What crosses the wall between a submission and its marks.

The only files of the grader that run inside a sandbox; README.md beside them
documents every message.

* `wire`: frames, and the values that may travel in both directions;
* `ship`: functions, modules and Keras objects, from checker to worker only;
* `worker`: runs the student's cells, then serves calls;
* `remote`: the checker's side of a call, and objects that stay outside;
* `checker`: runs the lab with its hidden checks and gives verdicts.
"""
