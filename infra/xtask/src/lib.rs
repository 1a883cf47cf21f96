//! Chores for whoever works on the code.
