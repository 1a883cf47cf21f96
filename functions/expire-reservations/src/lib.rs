//! Every five minutes: gives back the stock of holds that ran out.
