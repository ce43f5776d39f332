"""mlscaffold: machine-learning repositories that already do the whole job.

`new` asks a template's questions, renders it and leaves a git repository whose first commit is the
render. Copier asks and renders, git commits; everything between them is in this package.
"""

__version__ = "0.1.0.dev0"
