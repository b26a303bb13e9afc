"""The WMT'14 English-French text from the archives as published: the recipe of Sutskever, Vinyals and Le 2014.

recipe lists the archives and their files; archives reads these without unpacking; sgm reads the test sets;
tokenized turns pairs of lines into tokens on all cores. At most a few thousand lines are in memory at a time.
"""
