//! Categories and products: /api/categories/, /api/products/.
