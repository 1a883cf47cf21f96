//! Paying through Chapa: /api/payments/.
