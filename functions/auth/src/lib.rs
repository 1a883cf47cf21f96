//! Registration, login and the account itself: /api/auth/.
