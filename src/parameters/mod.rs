//! Settings in layers: which model, which sampling, which tools, and whose word counts.
