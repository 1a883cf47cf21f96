//! Checkout and orders: /api/orders/.
