//! Who asks.

/// One kind of caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Nobody knows them.
    Anonymous,
    /// Verified, and the owner of what the request is about, as all below are unless said otherwise.
    Customer,
    /// Verified; what the request is about belongs to somebody else.
    Stranger,
    /// Has not proved the address.
    Unverified,
    /// Works for the shop; what the request is about belongs to somebody else.
    Staff,
    /// May do everything; what the request is about belongs to somebody else.
    Superuser,
    /// With the cookie of a session whose time is over.
    Expired,
    /// With the cookie of a session that was ended.
    LoggedOut,
    /// With a token in `Authorization` and no cookies.
    Bearer,
    /// With the token of a session that was ended in `Authorization`.
    DeadBearer,
    /// With the cookies and no header: what a page of another site makes a browser send.
    NoCsrf,
    /// With the CSRF token of somebody else's session in cookie and header.
    ForeignCsrf,
}

impl Caller {
    /// All of them, in the order of the columns.
    pub const ALL: [Caller; 12] = [
        Caller::Anonymous,
        Caller::Customer,
        Caller::Stranger,
        Caller::Unverified,
        Caller::Staff,
        Caller::Superuser,
        Caller::Expired,
        Caller::LoggedOut,
        Caller::Bearer,
        Caller::DeadBearer,
        Caller::NoCsrf,
        Caller::ForeignCsrf,
    ];

    /// Whether what a request is about belongs to somebody else, where it belongs to one person.
    pub fn is_another(self) -> bool {
        matches!(self, Caller::Stranger | Caller::Staff | Caller::Superuser)
    }
}
