//! The columns of a file, by the names that Shopify gives them, and a few of our own behind them.

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Column(pub(crate) &'static str);

pub(crate) const HANDLE: Column = Column("Handle");
pub(crate) const TITLE: Column = Column("Title");
pub(crate) const BODY: Column = Column("Body (HTML)");
pub(crate) const VENDOR: Column = Column("Vendor");
pub(crate) const PRODUCT_CATEGORY: Column = Column("Product Category");
pub(crate) const TYPE: Column = Column("Type");
pub(crate) const TAGS: Column = Column("Tags");
pub(crate) const PUBLISHED: Column = Column("Published");
pub(crate) const SKU: Column = Column("Variant SKU");
pub(crate) const GRAMS: Column = Column("Variant Grams");
pub(crate) const UNITS: Column = Column("Variant Inventory Qty");
pub(crate) const PRICE: Column = Column("Variant Price");
pub(crate) const COMPARE_AT: Column = Column("Variant Compare At Price");
pub(crate) const IMAGE: Column = Column("Image Src");
pub(crate) const IMAGE_POSITION: Column = Column("Image Position");
pub(crate) const IMAGE_ALT: Column = Column("Image Alt Text");
pub(crate) const STATUS: Column = Column("Status");
/// Ours: the slug of the category. Shopify's `Type` is only a name.
pub(crate) const CATEGORY: Column = Column("Category Slug");
/// Ours: whether the shop shows it off.
pub(crate) const FEATURED: Column = Column("Featured");
/// Ours: ISO 4217.
pub(crate) const CURRENCY: Column = Column("Currency");
/// Ours: below which staff are told.
pub(crate) const LOW_STOCK: Column = Column("Low Stock Threshold");
/// Ours: the SKU of the product as a whole.
pub(crate) const PRODUCT_SKU: Column = Column("Product SKU");
/// Ours: what the product costs where a variant says nothing else. Shopify has no such price.
pub(crate) const PRODUCT_PRICE: Column = Column("Product Price");
/// Ours: the same without discount.
pub(crate) const PRODUCT_COMPARE_AT: Column = Column("Product Compare At Price");
/// Ours: whether the variant can be bought.
pub(crate) const VARIANT_ACTIVE: Column = Column("Variant Active");
/// Ours: whether the image stands for the product. Without it the first one does.
pub(crate) const IMAGE_MAIN: Column = Column("Image Main");
/// Ours: all specifications as JSON. Vendor and tags are columns as well.
pub(crate) const SPECIFICATIONS: Column = Column("Specifications");

/// The names and the values of the three options.
pub(crate) const OPTIONS: [(Column, Column); 3] = [
    (Column("Option1 Name"), Column("Option1 Value")),
    (Column("Option2 Name"), Column("Option2 Value")),
    (Column("Option3 Name"), Column("Option3 Value")),
];

/// What Shopify calls the only option of a product that comes one way only.
pub(crate) const SOLE_OPTION: &str = "Title";
/// And its only value.
pub(crate) const SOLE_VALUE: &str = "Default Title";

/// All columns, as they are exported.
pub(crate) const EXPORTED: [Column; 32] = [
    HANDLE,
    TITLE,
    BODY,
    VENDOR,
    TYPE,
    TAGS,
    PUBLISHED,
    OPTIONS[0].0,
    OPTIONS[0].1,
    OPTIONS[1].0,
    OPTIONS[1].1,
    OPTIONS[2].0,
    OPTIONS[2].1,
    SKU,
    GRAMS,
    UNITS,
    PRICE,
    COMPARE_AT,
    IMAGE,
    IMAGE_POSITION,
    IMAGE_ALT,
    STATUS,
    CATEGORY,
    FEATURED,
    CURRENCY,
    LOW_STOCK,
    PRODUCT_SKU,
    PRODUCT_PRICE,
    PRODUCT_COMPARE_AT,
    VARIANT_ACTIVE,
    IMAGE_MAIN,
    SPECIFICATIONS,
];
