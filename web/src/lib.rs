//! The yew page.
