//! What every HTTP function has in common: identity, bodies, errors, paging, headers.
