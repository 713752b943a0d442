//! Unpacks the schema that build.rs packed, once.

use crate::resources::{Resource, Subresource};
use crate::types::{Column, Field, FieldKind, Gvk, ListType, PatchStrategy, Type, TypeId};
use std::collections::BTreeMap;
use std::sync::OnceLock;

static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/schema.bin"));

#[derive(Debug, Default)]
pub struct Schema {
    types: Vec<Type>,
    by_gvk: BTreeMap<(&'static str, &'static str, &'static str), TypeId>,
    pub(crate) resources: Vec<Resource>,
    columns: BTreeMap<&'static str, Vec<Column>>,
}

impl Schema {
    pub fn get() -> &'static Schema {
        static SCHEMA: OnceLock<Schema> = OnceLock::new();
        SCHEMA.get_or_init(|| {
            let bytes = miniz_oxide::inflate::decompress_to_vec(PACKED).unwrap_or_default();
            let text = String::from_utf8(bytes).unwrap_or_default();
            // Names are slices of the one text, which lives as long as the program.
            parse(Box::leak(text.into_boxed_str()))
        })
    }

    pub fn types(&self) -> impl Iterator<Item = (TypeId, &Type)> {
        (0..).map(TypeId).zip(&self.types)
    }

    pub fn type_for(&self, group: &str, version: &str, kind: &str) -> Option<TypeId> {
        self.by_gvk.get(&(group, version, kind)).copied()
    }

    /// The type of an object by its `apiVersion` (`v1`, `apps/v1`) and `kind`.
    pub fn type_of(&self, api_version: &str, kind: &str) -> Option<TypeId> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        self.type_for(group, version, kind)
    }

    /// The type with this definition name.
    pub fn type_named(&self, name: &str) -> Option<TypeId> {
        let at = self.types.binary_search_by(|ty| ty.name.cmp(name)).ok()?;
        u16::try_from(at).ok().map(TypeId)
    }

    pub fn ty(&self, id: TypeId) -> Option<&Type> {
        self.types.get(usize::from(id.0))
    }

    pub fn field(&self, id: TypeId, name: &str) -> Option<&Field> {
        self.ty(id)?.field(name)
    }

    /// The columns of the server-side table of a resource, where they were recorded.
    pub fn columns(&self, plural: &str) -> Option<&[Column]> {
        self.columns.get(plural).map(Vec::as_slice)
    }
}

fn parse(text: &'static str) -> Schema {
    let mut schema = Schema::default();
    let mut columns: Option<&'static str> = None;
    for line in text.lines() {
        let mut cells = line.split('\t');
        match cells.next() {
            Some("T") => {
                let id = TypeId(u16::try_from(schema.types.len()).unwrap_or(u16::MAX));
                let ty = parse_type(&mut cells);
                for gvk in &ty.gvks {
                    let key = (gvk.group, gvk.version, gvk.kind);
                    schema.by_gvk.entry(key).or_insert(id);
                }
                schema.types.push(ty);
            }
            Some("f") => {
                if let (Some(ty), Some(field)) = (schema.types.last_mut(), parse_field(&mut cells))
                {
                    ty.fields.push(field);
                }
            }
            Some("R") => schema.resources.push(parse_resource(&mut cells)),
            Some("r") => {
                if let Some(resource) = schema.resources.last_mut() {
                    resource.subresources.push(parse_subresource(&mut cells));
                }
            }
            Some("C") => columns = cells.next(),
            Some("c") => {
                if let Some(plural) = columns {
                    schema.columns.entry(plural).or_default().push(parse_column(&mut cells));
                }
            }
            _ => {}
        }
    }
    schema
}

type Cells<'a> = &'a mut dyn Iterator<Item = &'static str>;

fn next(cells: Cells) -> &'static str {
    cells.next().unwrap_or("")
}

fn list(cell: &'static str, separator: char) -> Vec<&'static str> {
    if cell.is_empty() { Vec::new() } else { cell.split(separator).collect() }
}

fn parse_type(cells: Cells) -> Type {
    let name = next(cells);
    let atomic = next(cells) == "a";
    let gvks = cells.filter_map(|cell| {
        let (group, rest) = cell.split_once('/')?;
        let (version, kind) = rest.split_once('/')?;
        Some(Gvk { group, version, kind })
    });
    Type { name, gvks: gvks.collect(), atomic, fields: Vec::new() }
}

fn parse_kind(code: &'static str) -> Option<FieldKind> {
    let rest = code.get(1..)?;
    let id = || rest.parse().ok().map(TypeId);
    Some(match code.chars().next()? {
        's' => FieldKind::String,
        'i' => FieldKind::Int32,
        'l' => FieldKind::Int64,
        'n' => FieldKind::Number,
        'b' => FieldKind::Boolean,
        'y' => FieldKind::Bytes,
        'Q' => FieldKind::Quantity,
        'I' => FieldKind::IntOrString,
        'T' => FieldKind::Time,
        'U' => FieldKind::MicroTime,
        'R' => FieldKind::Object(id()?),
        'X' => FieldKind::Any(id()?),
        'M' => FieldKind::Map(Box::new(parse_kind(rest)?)),
        'A' => FieldKind::Array(Box::new(parse_kind(rest)?)),
        _ => return None,
    })
}

fn parse_field(cells: Cells) -> Option<Field> {
    let name = next(cells);
    let mut field = Field {
        name,
        kind: parse_kind(next(cells))?,
        required: false,
        patch_strategy: PatchStrategy::default(),
        merge_key: None,
        list_type: None,
        list_map_keys: Vec::new(),
        atomic: false,
        granular: false,
        value_struct: false,
        enums: Vec::new(),
        go_type: None,
    };
    for attribute in next(cells).split(' ').filter(|a| !a.is_empty()) {
        let rest = attribute.get(1..).unwrap_or("");
        match attribute.chars().next() {
            Some('!') => field.required = true,
            Some('a') => field.atomic = true,
            Some('G') => field.granular = true,
            Some('z') => field.value_struct = true,
            Some('s') => {
                field.patch_strategy = PatchStrategy {
                    merge: rest.split(',').any(|s| s == "merge"),
                    replace: rest.split(',').any(|s| s == "replace"),
                    retain_keys: rest.split(',').any(|s| s == "retainKeys"),
                }
            }
            Some('k') => field.merge_key = Some(rest),
            Some('l') => {
                field.list_type = match rest {
                    "map" => Some(ListType::Map),
                    "set" => Some(ListType::Set),
                    _ => Some(ListType::Atomic),
                }
            }
            Some('m') => field.list_map_keys = list(rest, ','),
            Some('g') => field.go_type = Some(rest),
            _ => {}
        }
    }
    if let Some(values) = cells.next() {
        field.enums = values.split('|').collect();
    }
    Some(field)
}

fn parse_resource(cells: Cells) -> Resource {
    Resource {
        group: next(cells),
        version: next(cells),
        kind: next(cells),
        plural: next(cells),
        singular: next(cells),
        short_names: list(next(cells), ','),
        namespaced: next(cells) == "n",
        verbs: list(next(cells), ','),
        categories: list(next(cells), ','),
        subresources: Vec::new(),
    }
}

fn parse_subresource(cells: Cells) -> Subresource {
    Subresource {
        name: next(cells),
        group: next(cells),
        version: next(cells),
        kind: next(cells),
        verbs: list(next(cells), ','),
    }
}

fn parse_column(cells: Cells) -> Column {
    Column {
        name: next(cells),
        kind: next(cells),
        format: next(cells),
        priority: next(cells).parse().unwrap_or(0),
    }
}
