//! Addresses and the CSRF token: /api/accounts/.
