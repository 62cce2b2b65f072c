//! Personal upstream keys: sealed in their owner's file, shown to their provider alone.
