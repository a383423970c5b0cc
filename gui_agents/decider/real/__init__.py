"""What instructions mean on a real desktop or in a browser, of which nothing is known but its accessibility tree.

`targets` reads what a person calls a thing, `view` is the screen as it is read, `finding` finds the thing on it.
`hands` click, fill in and scroll, and look at what came of it; `worker` and its parents have a method for each thing
that an instruction can ask for, and `phrases` is the table of its wordings.
"""
