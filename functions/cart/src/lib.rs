//! The customer's cart: /api/cart/.
