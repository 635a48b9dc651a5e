"""Holds both ends: facts in, plan out, jobs to the pool, outcomes to the store."""
