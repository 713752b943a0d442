//! Between typed objects and their JSON form. `wire_struct!` declares a type once and gives both
//! directions; what a type does not model stays in its `extra` and is given back.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};
use smol_str::SmolStr;

/// A value of the wrong shape, with the path at which it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireError {
    pub path: String,
    pub message: String,
}

impl WireError {
    pub fn new(message: impl Into<String>) -> Self {
        WireError { path: String::new(), message: message.into() }
    }

    /// The same error seen from one level up.
    pub fn under(mut self, name: &str) -> Self {
        self.path = match self.path.as_bytes().first() {
            None => name.to_owned(),
            Some(b'[') => format!("{name}{}", self.path),
            Some(_) => format!("{name}.{}", self.path),
        };
        self
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

impl std::error::Error for WireError {}

/// A type with a JSON form. Decoding follows a strict check against the schema, so its errors are
/// rare; encoding leaves out what Go's `omitempty` leaves out.
pub trait Wire: Sized {
    fn from_value(value: Value) -> Result<Self, WireError>;
    fn to_value(&self) -> Value;
    /// Whether a field of this value is left out.
    fn is_empty(&self) -> bool {
        false
    }
}

fn wrong(value: &Value, want: &str) -> WireError {
    let got = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    WireError::new(format!("cannot unmarshal {got} into Go value of type {want}"))
}

impl Wire for Value {
    fn from_value(value: Value) -> Result<Self, WireError> {
        Ok(value)
    }
    fn to_value(&self) -> Value {
        self.clone()
    }
    fn is_empty(&self) -> bool {
        self.is_null()
    }
}

impl Wire for String {
    fn from_value(value: Value) -> Result<Self, WireError> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(wrong(&other, "string")),
        }
    }
    fn to_value(&self) -> Value {
        Value::String(self.clone())
    }
    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

impl Wire for SmolStr {
    fn from_value(value: Value) -> Result<Self, WireError> {
        match value {
            Value::String(text) => Ok(SmolStr::from(text)),
            other => Err(wrong(&other, "string")),
        }
    }
    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
    fn is_empty(&self) -> bool {
        SmolStr::is_empty(self)
    }
}

impl Wire for bool {
    fn from_value(value: Value) -> Result<Self, WireError> {
        value.as_bool().ok_or_else(|| wrong(&value, "bool"))
    }
    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
    fn is_empty(&self) -> bool {
        !*self
    }
}

macro_rules! wire_int {
    ($($int:ty),*) => {$(
        impl Wire for $int {
            fn from_value(value: Value) -> Result<Self, WireError> {
                let whole = value
                    .as_i64()
                    .or_else(|| value.as_f64().filter(|f| f.fract() == 0.0).map(|f| f as i64));
                whole
                    .and_then(|n| <$int>::try_from(n).ok())
                    .ok_or_else(|| wrong(&value, stringify!($int)))
            }
            fn to_value(&self) -> Value {
                Value::from(*self)
            }
            fn is_empty(&self) -> bool {
                *self == 0
            }
        }
    )*};
}

wire_int!(i32, i64, u16);

impl<T: Wire> Wire for Option<T> {
    fn from_value(value: Value) -> Result<Self, WireError> {
        if value.is_null() { Ok(None) } else { T::from_value(value).map(Some) }
    }
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, Wire::to_value)
    }
    fn is_empty(&self) -> bool {
        self.is_none()
    }
}

impl<T: Wire> Wire for Box<T> {
    fn from_value(value: Value) -> Result<Self, WireError> {
        T::from_value(value).map(Box::new)
    }
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
    fn is_empty(&self) -> bool {
        (**self).is_empty()
    }
}

impl<T: Wire> Wire for Arc<T> {
    fn from_value(value: Value) -> Result<Self, WireError> {
        T::from_value(value).map(Arc::new)
    }
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
    fn is_empty(&self) -> bool {
        (**self).is_empty()
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn from_value(value: Value) -> Result<Self, WireError> {
        match value {
            Value::Null => Ok(Vec::new()),
            Value::Array(items) => items
                .into_iter()
                .enumerate()
                .map(|(i, item)| T::from_value(item).map_err(|e| e.under(&format!("[{i}]"))))
                .collect(),
            other => Err(wrong(&other, "[]")),
        }
    }
    fn to_value(&self) -> Value {
        Value::Array(self.iter().map(Wire::to_value).collect())
    }
    fn is_empty(&self) -> bool {
        Vec::is_empty(self)
    }
}

impl<T: Wire> Wire for BTreeMap<SmolStr, T> {
    fn from_value(value: Value) -> Result<Self, WireError> {
        match value {
            Value::Null => Ok(BTreeMap::new()),
            Value::Object(map) => map
                .into_iter()
                .map(|(key, item)| match T::from_value(item) {
                    Ok(item) => Ok((SmolStr::from(key), item)),
                    Err(e) => Err(e.under(&key)),
                })
                .collect(),
            other => Err(wrong(&other, "map")),
        }
    }
    fn to_value(&self) -> Value {
        Value::Object(self.iter().map(|(key, item)| (key.to_string(), item.to_value())).collect())
    }
    fn is_empty(&self) -> bool {
        BTreeMap::is_empty(self)
    }
}

/// A value shared between objects until one of them changes it; empty costs nothing.
#[derive(PartialEq, Eq)]
pub struct Shared<T>(Option<Arc<T>>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared(self.0.clone())
    }
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Shared(None)
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> Shared<T> {
    pub fn new(value: T) -> Self {
        Shared(Some(Arc::new(value)))
    }

    pub fn get_ref(&self) -> Option<&T> {
        self.0.as_deref()
    }

    /// Whether both are the very same allocation (or both empty).
    pub fn same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl<T: Clone + Default> Shared<T> {
    /// The value for writing: copied first if others share it.
    pub fn make_mut(&mut self) -> &mut T {
        Arc::make_mut(self.0.get_or_insert_with(|| Arc::new(T::default())))
    }
}

/// A map from strings to strings, shared: labels, annotations, node selectors.
pub type StringMap = Shared<BTreeMap<SmolStr, SmolStr>>;

static EMPTY: BTreeMap<SmolStr, SmolStr> = BTreeMap::new();

impl std::ops::Deref for StringMap {
    type Target = BTreeMap<SmolStr, SmolStr>;
    fn deref(&self) -> &Self::Target {
        self.0.as_deref().unwrap_or(&EMPTY)
    }
}

impl<T> std::ops::Deref for Shared<Vec<T>> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }
}

impl FromIterator<(SmolStr, SmolStr)> for StringMap {
    fn from_iter<I: IntoIterator<Item = (SmolStr, SmolStr)>>(pairs: I) -> Self {
        let map: BTreeMap<_, _> = pairs.into_iter().collect();
        if map.is_empty() { Shared(None) } else { Shared::new(map) }
    }
}

impl<T: Wire> Wire for Shared<T> {
    fn from_value(value: Value) -> Result<Self, WireError> {
        if value.is_null() {
            return Ok(Shared(None));
        }
        let inner = T::from_value(value)?;
        Ok(if inner.is_empty() { Shared(None) } else { Shared::new(inner) })
    }
    fn to_value(&self) -> Value {
        self.0.as_ref().map_or(Value::Null, |inner| inner.to_value())
    }
    fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|inner| inner.is_empty())
    }
}

/// Fields that the schema knows and the type does not model, kept as they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extra(pub Option<Box<Map<String, Value>>>);

impl Extra {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.as_ref().and_then(|map| map.get(name))
    }

    pub fn insert(&mut self, name: &str, value: Value) {
        self.0.get_or_insert_default().insert(name.to_owned(), value);
    }

    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let map = self.0.as_mut()?;
        let taken = map.remove(name);
        if map.is_empty() {
            self.0 = None;
        }
        taken
    }

    #[doc(hidden)]
    pub fn keep(mut map: Map<String, Value>) -> Self {
        map.retain(|_, value| !value.is_null());
        Extra(if map.is_empty() { None } else { Some(Box::new(map)) })
    }
}

#[doc(hidden)]
pub fn take_object(value: Value) -> Result<Map<String, Value>, WireError> {
    match value {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        other => Err(wrong(&other, "object")),
    }
}

#[doc(hidden)]
pub fn take_field<T: Wire + Default>(
    map: &mut Map<String, Value>,
    name: &str,
) -> Result<T, WireError> {
    match map.remove(name) {
        None | Some(Value::Null) => Ok(T::default()),
        Some(value) => T::from_value(value).map_err(|e| e.under(name)),
    }
}

/// Declares a struct with its JSON form: `pub field: Type => "jsonName"`, followed by `keep` where
/// the field is written even when it is empty. Every such struct gets a public `extra`.
#[macro_export]
macro_rules! wire_struct {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$fmeta:meta])* pub $field:ident : $ty:ty => $json:literal $($keep:ident)? ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $( $(#[$fmeta])* pub $field: $ty, )*
            pub extra: $crate::wire::Extra,
        }

        impl $crate::wire::Wire for $name {
            fn from_value(value: ::serde_json::Value) -> Result<Self, $crate::wire::WireError> {
                #[allow(unused_mut)]
                let mut map = $crate::wire::take_object(value)?;
                Ok($name {
                    $( $field: $crate::wire::take_field(&mut map, $json)?, )*
                    extra: $crate::wire::Extra::keep(map),
                })
            }

            fn to_value(&self) -> ::serde_json::Value {
                #[allow(unused_mut)]
                let mut map = match &self.extra.0 {
                    Some(extra) => (**extra).clone(),
                    None => ::serde_json::Map::new(),
                };
                $(
                    if $crate::wire_struct!(@keep $($keep)?)
                        || !$crate::wire::Wire::is_empty(&self.$field)
                    {
                        map.insert($json.to_owned(), $crate::wire::Wire::to_value(&self.$field));
                    }
                )*
                ::serde_json::Value::Object(map)
            }

            fn is_empty(&self) -> bool {
                self.extra.0.is_none() $( && $crate::wire::Wire::is_empty(&self.$field) )*
            }
        }
    };
    (@keep keep) => { true };
    (@keep) => { false };
}
