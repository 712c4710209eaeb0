"""Who works here: people with their badges and roles, terminals and programs with their tokens,
who may say yes, and what each did.
"""
