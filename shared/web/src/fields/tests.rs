use domain::{CategoryId, Id, Money};
use serde_json::json as object;

use super::*;

fn sent(value: Value) -> Fields {
    Fields::of(Payload {
        value,
        is_form: false,
    })
    .unwrap()
}

fn form(pairs: &[(&str, &str)]) -> Payload {
    let values = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
    Payload {
        value: Value::Object(values.collect()),
        is_form: true,
    }
}

/// What a field of this kind says to a value; empty when it takes it.
fn says<K: Kind>(kind: K, value: Value) -> Vec<String> {
    let mut fields = sent(object!({ "it": value }));
    fields.required("it", kind);
    messages(&fields)["it"]
        .as_array()
        .map(|list| {
            list.iter()
                .map(|text| text.as_str().unwrap().to_owned())
                .collect()
        })
        .unwrap_or_default()
}

fn messages(fields: &Fields) -> Value {
    serde_json::to_value(&fields.errors).unwrap()
}

fn takes<K: Kind>(kind: K, value: Value) -> K::Value {
    let mut fields = sent(object!({ "it": value }));
    let read = fields.required("it", kind);
    fields.finish().unwrap();
    read
}

#[test]
fn all_bad_fields_are_told_at_once_in_the_order_read() {
    let mut fields = sent(object!({ "city": "", "price": "x", "slug": "a b", "name": null }));
    fields.required("name", text());
    fields.required("city", text());
    fields.required("price", price());
    fields.required("slug", slug());
    fields.required("country", text());
    assert!(!fields.is_clean());
    let told = serde_json::to_string(&fields.errors).unwrap();
    assert_eq!(
        told,
        concat!(
            r#"{"name":["This field may not be null."],"city":["This field may not be blank."],"#,
            r#""price":["A valid number is required."],"#,
            r#""slug":["Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens."],"#,
            r#""country":["This field is required."]}"#
        )
    );
}

#[test]
fn what_is_no_object_is_refused_as_django_words_it() {
    for (value, text) in [
        (
            object!([1]),
            "Invalid data. Expected a dictionary, but got list.",
        ),
        (
            object!("a"),
            "Invalid data. Expected a dictionary, but got str.",
        ),
        (
            object!(1),
            "Invalid data. Expected a dictionary, but got int.",
        ),
        (
            object!(1.5),
            "Invalid data. Expected a dictionary, but got float.",
        ),
        (
            object!(true),
            "Invalid data. Expected a dictionary, but got bool.",
        ),
        (Value::Null, "No data provided"),
    ] {
        let error = Fields::of(Payload {
            value,
            is_form: false,
        })
        .unwrap_err();
        assert_eq!(error.status(), 400);
        assert_eq!(error.body(), object!({ "non_field_errors": [text] }));
    }
}

#[test]
fn texts_are_trimmed_bounded_and_may_come_as_numbers() {
    assert_eq!(takes(text(), object!("  Bole  ")), "Bole");
    assert_eq!(takes(text().untrimmed(), object!("  ")), "  ");
    assert_eq!(takes(text(), object!(5)), "5");
    assert_eq!(takes(text().max(3), object!("አበበ")), "አበበ");
    assert_eq!(takes(text().blankable(), object!(" ")), "");
    assert_eq!(
        takes(text().nullable().blankable(), object!("")),
        Some(String::new())
    );
    assert_eq!(takes(text().nullable(), Value::Null), None);
    for value in [object!(true), object!([]), object!({})] {
        assert_eq!(says(text(), value), ["Not a valid string."]);
    }
    assert_eq!(says(text(), object!(" ")), ["This field may not be blank."]);
    assert_eq!(
        says(text().max(2), object!("a\u{0}b")),
        [
            "Ensure this field has no more than 2 characters.",
            "Null characters are not allowed."
        ]
    );
}

#[test]
fn addresses_are_judged_as_django_judges_them() {
    for good in [
        "a@b.co",
        "abebe.bikila+1@mail.example.com",
        "\"quoted\\ one\"@example.com",
        "a@localhost",
        "a@[127.0.0.1]",
        "a@[::1]",
        "a@xn--4ca.com",
        "a@ä.com",
    ] {
        assert_eq!(says(email(), object!(good)), [""; 0], "{good}");
    }
    for bad in [
        "",
        "a",
        "@b.co",
        "a@",
        "a@b",
        "a b@c.de",
        "a..b@c.de",
        ".a@c.de",
        "a@-c.de",
        "a@c-.de",
        "a@c..de",
        "a@1.2.3.4",
        "a@c.d",
        "a@b.co\n.x",
        "አ@example.com",
        "a@b@c..d",
    ] {
        assert_eq!(says(email(), object!(bad)).len(), 1, "{bad}");
    }
    assert_eq!(
        says(email(), object!("nope")),
        ["Enter a valid email address."]
    );
    let long = format!("{}@example.com", "a".repeat(250));
    assert_eq!(
        says(email(), object!(long)),
        ["Ensure this field has no more than 254 characters."]
    );
}

#[test]
fn urls_need_a_known_scheme_and_a_real_host() {
    for good in [
        "http://localhost:3000/paid",
        "https://shop.example/a?b=c#d",
        "ftp://1.2.3.4/",
        "HTTPS://a.bc",
        "ftps://shop.example/x",
        "http://[::1]/",
    ] {
        assert_eq!(says(url(), object!(good)), [""; 0], "{good}");
    }
    for bad in [
        "shop.example",
        "javascript://a.bc",
        "http://",
        "http://nodot/",
        "http:/a.bc",
        "http:a.bc",
        "http://a b.cd",
        "//a.bc",
        "http://-a.bc/",
    ] {
        assert_eq!(says(url(), object!(bad)), ["Enter a valid URL."], "{bad}");
    }
}

#[test]
fn integers_may_come_as_texts_but_not_with_a_fraction() {
    for (value, number) in [
        (object!(7), 7),
        (object!("7"), 7),
        (object!(" 7 "), 7),
        (object!(7.0), 7),
        (object!("7.00"), 7),
        (object!(-7), -7),
        (object!("+7"), 7),
    ] {
        assert_eq!(takes(integer(), value), number);
    }
    for value in [
        object!(1.5),
        object!("1.5"),
        object!("x"),
        object!(""),
        object!(true),
        object!([1]),
        object!("1e3"),
    ] {
        assert_eq!(says(integer(), value), ["A valid integer is required."]);
    }
    let bounded = integer().min(0).max(2_147_483_647);
    assert_eq!(
        says(bounded, object!(-1)),
        ["Ensure this value is greater than or equal to 0."]
    );
    for value in [
        object!(2_147_483_648_u64),
        object!(1e300),
        object!("9".repeat(60)),
    ] {
        let told = says(bounded, value);
        assert_eq!(
            told,
            ["Ensure this value is less than or equal to 2147483647."]
        );
    }
    assert_eq!(
        says(integer(), object!("1".repeat(1001))),
        ["String value too large."]
    );
}

#[test]
fn prices_are_exact_and_bounded() {
    for (value, santim) in [
        (object!("250"), 25_000),
        (object!(199.9), 19_990),
        (object!(0.29), 29),
        (object!("1e2"), 10_000),
        (object!(1e2), 10_000),
        (object!(99_999_999.99), 9_999_999_999),
        (object!(-1), -100),
    ] {
        assert_eq!(takes(price(), value), Money::from_santim(santim));
    }
    for (value, told) in [
        (object!("NaN"), "A valid number is required."),
        (object!(true), "A valid number is required."),
        (object!([1]), "A valid number is required."),
        (object!(""), "A valid number is required."),
        (
            object!("1.001"),
            "Ensure that there are no more than 2 decimal places.",
        ),
        (
            object!("12345678901"),
            "Ensure that there are no more than 10 digits in total.",
        ),
        (
            object!("123456789"),
            "Ensure that there are no more than 8 digits before the decimal point.",
        ),
    ] {
        assert_eq!(says(price(), value), [told]);
    }
    assert_eq!(takes(price().nullable(), object!("")), None);
}

#[test]
fn booleans_come_in_many_words() {
    for value in [
        object!(true),
        object!("True"),
        object!("on"),
        object!(1),
        object!("1"),
        object!("YES"),
    ] {
        assert!(takes(boolean(), value));
    }
    for value in [
        object!(false),
        object!("false"),
        object!("OFF"),
        object!(0),
        object!("n"),
    ] {
        assert!(!takes(boolean(), value));
    }
    for value in [object!("maybe"), object!(2), object!([]), object!("")] {
        assert_eq!(says(boolean(), value), ["Must be a valid boolean."]);
    }
    assert_eq!(
        says(boolean(), Value::Null),
        ["This field may not be null."]
    );
}

#[test]
fn dates_are_days_of_the_calendar() {
    assert_eq!(takes(date(), object!("1960-9-1")), "1960-09-01");
    for value in [
        object!("2026-02-30"),
        object!("23/11/2026"),
        object!("2026-11"),
        object!(5),
        object!("2026-11-23T00:00:00Z"),
    ] {
        let told = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.";
        assert_eq!(says(date(), value), [told]);
    }
}

#[test]
fn keys_tell_wrong_types_from_unknown_rows() {
    let seven = CategoryId(Id::try_from(7).unwrap());
    assert_eq!(takes(key(CategoryId), object!(7)), seven);
    assert_eq!(takes(key(CategoryId), object!("7")), seven);
    assert_eq!(takes(key(CategoryId).nullable(), object!("")), None);
    for (value, told) in [
        (
            object!("phones"),
            "Incorrect type. Expected pk value, received str.",
        ),
        (
            object!(true),
            "Incorrect type. Expected pk value, received bool.",
        ),
        (
            object!([7]),
            "Incorrect type. Expected pk value, received list.",
        ),
        (
            object!({}),
            "Incorrect type. Expected pk value, received dict.",
        ),
        (object!(-1), "Invalid pk \"-1\" - object does not exist."),
        (
            object!(u64::MAX),
            "Invalid pk \"18446744073709551615\" - object does not exist.",
        ),
    ] {
        assert_eq!(says(key(CategoryId), value), [told]);
    }
}

#[test]
fn choices_and_json_say_what_is_wrong() {
    let light = |word: &str| match word {
        "red" => Some(1),
        _ => None,
    };
    assert_eq!(takes(choice(light), object!("red")), 1);
    assert_eq!(
        says(choice(light), object!("blue")),
        ["\"blue\" is not a valid choice."]
    );
    assert_eq!(
        takes(json(), object!({ "a": [1, "b"] })),
        object!({ "a": [1, "b"] })
    );
    assert_eq!(
        says(json(), object!({ "a": ["\u{0}"] })),
        ["Null characters are not allowed."]
    );
    assert_eq!(
        says(json().max(5), object!("12345")),
        ["Ensure this field has no more than 5 characters."]
    );
    assert_eq!(says(json(), Value::Null), ["This field may not be null."]);
}

#[test]
fn a_partial_object_may_leave_out_what_a_whole_one_may_not() {
    let nothing = || Payload {
        value: object!({}),
        is_form: false,
    };
    let mut whole = Fields::of(nothing()).unwrap();
    assert_eq!(whole.expected("city", text()), Some(String::new()));
    assert_eq!(
        messages(&whole),
        object!({ "city": ["This field is required."] })
    );
    let mut partial = Fields::partial(nothing()).unwrap();
    assert_eq!(partial.expected("city", text()), None);
    partial.finish().unwrap();
}

#[test]
fn a_form_cannot_say_false_or_null_so_silence_does() {
    let mut fields = Fields::of(form(&[
        ("postal_code", ""),
        ("line_2", ""),
        ("pin", "{\"a\":1}"),
    ]))
    .unwrap();
    assert_eq!(fields.optional("is_default", boolean()), Some(false));
    assert_eq!(
        fields.optional("postal_code", text().nullable()),
        Some(None)
    );
    assert_eq!(
        fields.optional("line_2", text().nullable().blankable()),
        Some(Some(String::new()))
    );
    assert_eq!(fields.optional("pin", json()), Some(object!({ "a": 1 })));
    fields.finish().unwrap();

    let mut fields = Fields::partial(form(&[("quantity", ""), ("pin", "{")])).unwrap();
    assert_eq!(fields.optional("is_default", boolean()), None);
    assert_eq!(fields.optional("quantity", integer()), None);
    fields.optional("pin", json());
    assert_eq!(
        messages(&fields),
        object!({ "pin": ["Value must be valid JSON."] })
    );
}

#[test]
fn nested_objects_keep_their_errors_under_their_name() {
    let read = |fields: &mut Fields| {
        fields.nested("profile", |inner| inner.optional("birth_date", date()))
    };
    let mut fields = sent(object!({ "profile": { "birth_date": "soon" } }));
    assert_eq!(read(&mut fields), None);
    assert_eq!(
        messages(&fields),
        object!({ "profile": { "birth_date": ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."] } })
    );

    let mut fields = sent(object!({ "profile": 5 }));
    assert_eq!(read(&mut fields), None);
    assert_eq!(
        messages(&fields),
        object!({ "profile": { "non_field_errors": ["Invalid data. Expected a dictionary, but got int."] } })
    );

    let mut fields = sent(object!({ "profile": null }));
    assert_eq!(read(&mut fields), None);
    assert_eq!(
        messages(&fields),
        object!({ "profile": ["This field may not be null."] })
    );

    let mut fields = Fields::of(form(&[("profile.birth_date", "1960-09-10")])).unwrap();
    assert_eq!(read(&mut fields), Some(Some("1960-09-10".to_owned())));
    assert_eq!(read(&mut sent(object!({}))), None);
}

#[test]
fn lists_of_objects_tell_which_of_them_is_wrong() {
    let colour = |fields: &mut Fields| fields.required("colour", text().max(5));
    let mut fields = sent(object!({ "them": [{ "colour": "red" }, { "colour": "crimson" }, 5] }));
    assert_eq!(fields.list("them", 9, colour), None);
    assert_eq!(
        messages(&fields),
        object!({ "them": [
            {},
            { "colour": ["Ensure this field has no more than 5 characters."] },
            { "non_field_errors": ["Invalid data. Expected a dictionary, but got int."] },
        ] })
    );
    let mut fields = Fields::of(form(&[("them", r#"[{"colour":"red"}]"#)])).unwrap();
    let read = fields.list("them", 9, colour);
    assert_eq!(read, Some(vec!["red".to_owned()]));
    assert_eq!(fields.list("others", 9, colour), None);
    assert!(fields.is_clean());
    for (value, message) in [
        (
            object!({}),
            "Expected a list of items but got type \"dict\".",
        ),
        (
            object!([{}, {}]),
            "Ensure this field has no more than 1 elements.",
        ),
        (object!(null), "This field may not be null."),
    ] {
        let mut fields = sent(object!({ "them": value }));
        fields.list("them", 1, |_| ());
        assert_eq!(messages(&fields), object!({ "them": [message] }));
    }
}

#[test]
fn several_texts_are_each_read_like_one() {
    let kind = texts(text().max(3), 2);
    assert_eq!(takes(kind, object!([" a ", 5])), ["a", "5"]);
    assert_eq!(says(kind, object!([])), ["This list may not be empty."]);
    assert_eq!(
        says(kind, object!(["a", ""])),
        ["This field may not be blank."]
    );
    assert_eq!(
        says(kind, object!(["a", "b", "c"])),
        ["Ensure this field has no more than 2 elements."]
    );
    assert_eq!(
        says(kind, object!("a")),
        ["Expected a list of items but got type \"str\"."]
    );
    let read = takes(text_map(text().max(3)), object!({ "colour": "red" }));
    assert_eq!(read["colour"], "red");
    assert_eq!(
        says(text_map(text()), object!([])),
        ["Invalid data. Expected a dictionary, but got list."]
    );
    assert_eq!(
        says(text_map(text()), object!({ "colour": null })),
        ["Not a valid string."]
    );
}
