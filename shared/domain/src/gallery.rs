//! The images of a product: their order, and which of them stands for it.

use crate::{
    ImageId, Timestamp,
    product::{Image, MAX_IMAGES, Product},
};

/// Why the images of a product stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GalleryError {
    /// There are as many as there may be.
    #[error("A product has at most {MAX_IMAGES} images.")]
    Full,
    /// The product has no such image.
    #[error("the product has no such image")]
    Unknown,
    /// An order has to name every image once.
    #[error("Name each image of the product once.")]
    NotAll,
}

/// What is to be different about an image; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageChange {
    /// What it shows.
    pub alt_text: Option<String>,
    /// Whether it stands for the product. If the main image is to be so no longer, the next one is.
    pub is_main: Option<bool>,
    /// Its place, counted from 0; one beyond the end is the end.
    pub position: Option<usize>,
}

impl Product {
    /// One of its images, with its place.
    pub fn image(&self, id: ImageId) -> Option<(usize, &Image)> {
        let mut images = self.images.iter().enumerate();
        images.find(|(_, image)| image.id == id)
    }

    /// Adds an image at the end, or at a place. The first one stands for the product.
    ///
    /// # Errors
    /// [`GalleryError::Full`].
    pub fn add_image(
        &mut self,
        image: Image,
        position: Option<usize>,
        now: Timestamp,
    ) -> Result<(), GalleryError> {
        if self.images.len() >= MAX_IMAGES {
            return Err(GalleryError::Full);
        }
        let (id, is_main) = (image.id, image.is_main || self.images.is_empty());
        let end = self.images.len();
        self.images.insert(position.unwrap_or(end).min(end), image);
        if is_main {
            self.choose_main(id);
        }
        self.updated_at = now;
        Ok(())
    }

    /// Changes what is said of an image, and its place.
    ///
    /// # Errors
    /// [`GalleryError::Unknown`].
    pub fn change_image(
        &mut self,
        id: ImageId,
        change: &ImageChange,
        now: Timestamp,
    ) -> Result<(), GalleryError> {
        let (place, found) = self.image(id).ok_or(GalleryError::Unknown)?;
        let was_main = found.is_main;
        if let Some(text) = &change.alt_text {
            self.images[place].alt_text.clone_from(text);
        }
        match change.is_main {
            Some(true) => self.choose_main(id),
            Some(false) if was_main => {
                let next = self.images.get(place + 1).or(self.images.first());
                if let Some(next) = next.map(|image| image.id) {
                    self.choose_main(next);
                }
            }
            _ => {}
        }
        if let Some(position) = change.position {
            let image = self.images.remove(place);
            let end = self.images.len();
            self.images.insert(position.min(end), image);
        }
        self.updated_at = now;
        Ok(())
    }

    /// Takes an image away and gives it. If it stood for the product, the next one does, or else the
    /// first.
    ///
    /// # Errors
    /// [`GalleryError::Unknown`].
    pub fn remove_image(&mut self, id: ImageId, now: Timestamp) -> Result<Image, GalleryError> {
        let (place, _) = self.image(id).ok_or(GalleryError::Unknown)?;
        let removed = self.images.remove(place);
        let next = self.images.get(place).or(self.images.first());
        if let (true, Some(next)) = (removed.is_main, next.map(|image| image.id)) {
            self.choose_main(next);
        }
        self.updated_at = now;
        Ok(removed)
    }

    /// Puts the images in this order.
    ///
    /// # Errors
    /// [`GalleryError::NotAll`] when one is missing, named twice or not the product's.
    pub fn order_images(&mut self, order: &[ImageId], now: Timestamp) -> Result<(), GalleryError> {
        if order.len() != self.images.len() {
            return Err(GalleryError::NotAll);
        }
        let mut left = self.images.clone();
        let mut ordered = Vec::with_capacity(order.len());
        for id in order {
            let place = left.iter().position(|image| image.id == *id);
            ordered.push(left.swap_remove(place.ok_or(GalleryError::NotAll)?));
        }
        self.images = ordered;
        self.updated_at = now;
        Ok(())
    }

    fn choose_main(&mut self, id: ImageId) {
        for image in &mut self.images {
            image.is_main = image.id == id;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        CategoryId, Id, Money, ProductId, Version, json::Json, product::Price, stock::ShownStock,
    };

    const NOW: Timestamp = Timestamp(1_795_435_200);

    fn image(number: u16) -> Image {
        Image {
            id: ImageId(Id::compose(0, number)),
            url: format!("https://images.example/{number}.png"),
            object: None,
            alt_text: String::new(),
            is_main: false,
            created_at: NOW,
        }
    }

    fn product(images: u16) -> Product {
        let mut product = Product {
            id: ProductId(Id::compose(0, 1)),
            category: CategoryId(Id::compose(0, 2)),
            name: "Jebena".into(),
            slug: "jebena".into(),
            description: String::new(),
            sku: None,
            price: Price::new(Money::from_santim(100), None).unwrap(),
            currency: "ETB".into(),
            specifications: Json::default(),
            weight_grams: None,
            low_stock_threshold: None,
            is_featured: false,
            is_active: true,
            options: Vec::new(),
            variants: Vec::new(),
            images: Vec::new(),
            shown_stock: ShownStock::default(),
            created_at: NOW,
            updated_at: NOW,
            version: Version(Id::compose(0, 3)),
        };
        for number in 0..images {
            product.add_image(image(number), None, NOW).unwrap();
        }
        product
    }

    fn order(product: &Product) -> Vec<u64> {
        let images = product.images.iter();
        images.map(|image| image.id.value() % 4096).collect()
    }

    fn main(product: &Product) -> Vec<u64> {
        let mains = product.images.iter().filter(|image| image.is_main);
        mains.map(|image| image.id.value() % 4096).collect()
    }

    #[test]
    fn the_first_image_is_the_main_one_until_another_is_chosen() {
        let mut product = product(3);
        assert_eq!(main(&product), [0]);
        let chosen = Image {
            is_main: true,
            ..image(3)
        };
        product.add_image(chosen, Some(1), NOW).unwrap();
        assert_eq!(
            (order(&product), main(&product)),
            (vec![0, 3, 1, 2], vec![3])
        );
    }

    #[test]
    fn when_the_main_image_goes_the_next_one_takes_its_place() {
        let mut product = product(3);
        let id = |number| image(number).id;
        product.remove_image(id(0), NOW).unwrap();
        assert_eq!(main(&product), [1]);
        let last = ImageChange {
            is_main: Some(true),
            ..ImageChange::default()
        };
        product.change_image(id(2), &last, NOW).unwrap();
        product.remove_image(id(2), NOW).unwrap();
        assert_eq!(main(&product), [1]);
        product.remove_image(id(1), NOW).unwrap();
        assert_eq!(product.images, []);
        assert_eq!(product.remove_image(id(1), NOW), Err(GalleryError::Unknown));
    }

    #[test]
    fn an_order_names_each_image_once() {
        let mut product = product(3);
        let ids = |numbers: &[u16]| -> Vec<ImageId> {
            numbers.iter().map(|number| image(*number).id).collect()
        };
        product.order_images(&ids(&[2, 0, 1]), NOW).unwrap();
        assert_eq!((order(&product), main(&product)), (vec![2, 0, 1], vec![0]));
        for wrong in [&[2, 0][..], &[2, 0, 0], &[2, 0, 1, 3], &[2, 0, 3]] {
            let refused = product.order_images(&ids(wrong), NOW);
            assert_eq!(refused, Err(GalleryError::NotAll), "{wrong:?}");
        }
        assert_eq!(order(&product), [2, 0, 1]);
    }

    #[test]
    fn a_product_has_no_more_images_than_it_may() {
        let mut product = product(u16::try_from(MAX_IMAGES).unwrap());
        let refused = product.add_image(image(99), None, NOW);
        assert_eq!(refused, Err(GalleryError::Full));
    }

    proptest! {
        #[test]
        fn there_is_always_one_main_image_if_there_is_any(
            steps in prop::collection::vec((0..4_u8, 0..6_u16, 0..8_usize, any::<bool>()), 0..40)
        ) {
            let mut product = product(0);
            for (step, number, position, is_main) in steps {
                let id = image(number).id;
                let known = product.image(id).is_some();
                let change = ImageChange {
                    alt_text: Some("a".into()),
                    is_main: Some(is_main),
                    position: Some(position),
                };
                let before = product.images.len();
                match step {
                    0 if !known => {
                        let new = Image { is_main, ..image(number) };
                        product.add_image(new, Some(position), NOW).unwrap();
                        prop_assert_eq!(product.images.len(), before + 1);
                    }
                    1 => prop_assert_eq!(product.remove_image(id, NOW).is_ok(), known),
                    2 => prop_assert_eq!(product.change_image(id, &change, NOW).is_ok(), known),
                    _ => {
                        let mut ids: Vec<_> = product.images.iter().map(|i| i.id).collect();
                        ids.reverse();
                        product.order_images(&ids, NOW).unwrap();
                        prop_assert_eq!(product.images.len(), before);
                    }
                }
                let mains = product.images.iter().filter(|image| image.is_main).count();
                prop_assert_eq!(mains, usize::from(!product.images.is_empty()));
            }
        }
    }
}
