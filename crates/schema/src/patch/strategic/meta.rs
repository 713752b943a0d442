//! What the schema says about merging a field.

use crate::Schema;
use crate::patch::PatchError;
use crate::types::{Field, FieldKind, TypeId};

/// The Go type at a place of the document, as far as merging needs it.
#[derive(Clone, Copy)]
pub enum Meta {
    Struct(TypeId),
    /// Go's name of a kind that has no fields: `map`, `slice`, `string`.
    Other(&'static str),
}

impl Meta {
    fn of(kind: &FieldKind) -> Meta {
        match kind {
            FieldKind::Object(id) | FieldKind::Any(id) => Meta::Struct(*id),
            FieldKind::Map(_) => Meta::Other("map"),
            FieldKind::Array(_) | FieldKind::Bytes => Meta::Other("slice"),
            FieldKind::Boolean => Meta::Other("bool"),
            FieldKind::Int32 => Meta::Other("int32"),
            FieldKind::Int64 => Meta::Other("int64"),
            FieldKind::Number => Meta::Other("float64"),
            FieldKind::String => Meta::Other("string"),
            _ => Meta::Other("struct"),
        }
    }

    pub fn kind(self) -> &'static str {
        match self {
            Meta::Struct(_) => "struct",
            Meta::Other(kind) => kind,
        }
    }

    fn field(self, key: &str) -> Result<&'static Field, PatchError> {
        let ty = match self {
            Meta::Struct(id) => Schema::get().ty(id),
            Meta::Other(kind) => {
                return Err(PatchError::internal(format!(
                    "merging an object in json but data type is not struct, instead is: {kind}"
                )));
            }
        };
        let lost = || {
            let name = ty.map_or("", |ty| ty.short_name());
            let text =
                format!("unable to find api field in struct {name} for the json field {key:?}");
            PatchError::internal(text)
        };
        let ty = ty.ok_or_else(lost)?;
        ty.field(key)
            .or_else(|| ty.fields.iter().find(|field| field.name.eq_ignore_ascii_case(key)))
            .ok_or_else(lost)
    }

    /// The field and what is below it.
    pub fn lookup_map(self, key: &str) -> Result<(Meta, &'static Field), PatchError> {
        let field = self.field(key)?;
        Ok((Meta::of(&field.kind), field))
    }

    /// The field and what its elements are.
    pub fn lookup_list(self, key: &str) -> Result<(Meta, &'static Field), PatchError> {
        let field = self.field(key)?;
        match &field.kind {
            FieldKind::Array(element) => match **element {
                FieldKind::Array(_) => Err(PatchError::internal("unexpected slice of slice")),
                _ => Ok((Meta::of(element), field)),
            },
            _ => {
                let kind = self.kind();
                let text = format!("expected slice or array type, but got: {kind}");
                Err(PatchError::internal(text))
            }
        }
    }
}
