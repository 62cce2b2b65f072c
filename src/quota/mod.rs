//! Budgets and limits: how much a person, tenant or client may ask for, and what was asked so far.
