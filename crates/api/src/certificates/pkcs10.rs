//! What a certificate request says of its sender: the subject of a PKCS#10 request. Signatures are
//! not checked, there are no keys here.

use apimachinery::base64;

const BEGIN: &str = "-----BEGIN CERTIFICATE REQUEST-----";
const END: &str = "-----END CERTIFICATE REQUEST-----";
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_ID: u8 = 0x06;
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];

/// Who a certificate is for: the user's name and groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    pub common_name: String,
    pub organizations: Vec<String>,
    /// The name and the public key as they stand in the request.
    pub name_der: Vec<u8>,
    pub key_der: Vec<u8>,
}

/// One element of DER: its tag, its content, all of it, and what follows.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
    rest: &'a [u8],
}

fn element(bytes: &[u8]) -> Option<Element<'_>> {
    let (tag, first) = (*bytes.first()?, usize::from(*bytes.get(1)?));
    let (length, start) = if first < 0x80 {
        (first, 2)
    } else {
        let count = first - 0x80;
        let digits = bytes.get(2..count.checked_add(2)?).filter(|d| (1..=4).contains(&d.len()))?;
        (digits.iter().fold(0usize, |n, d| n << 8 | usize::from(*d)), count + 2)
    };
    let end = start.checked_add(length)?;
    Some(Element {
        tag,
        content: bytes.get(start..end)?,
        whole: bytes.get(..end)?,
        rest: bytes.get(end..)?,
    })
}

fn tagged(bytes: &[u8], tag: u8) -> Option<Element<'_>> {
    element(bytes).filter(|element| element.tag == tag)
}

fn subject(der: &[u8]) -> Option<Subject> {
    let request = tagged(der, SEQUENCE)?;
    let info = tagged(request.content, SEQUENCE)?;
    let version = tagged(info.content, INTEGER)?;
    let name = tagged(version.rest, SEQUENCE)?;
    let key = tagged(name.rest, SEQUENCE)?;
    let mut subject = Subject {
        name_der: name.whole.to_vec(),
        key_der: key.whole.to_vec(),
        ..Subject::default()
    };
    read_name(name.content, &mut subject)?;
    Some(subject)
}

fn read_name(mut parts: &[u8], subject: &mut Subject) -> Option<()> {
    while !parts.is_empty() {
        let set = tagged(parts, SET)?;
        parts = set.rest;
        let pair = tagged(set.content, SEQUENCE)?;
        let id = tagged(pair.content, OBJECT_ID)?;
        let text = String::from_utf8_lossy(element(id.rest)?.content).into_owned();
        match id.content {
            COMMON_NAME => subject.common_name = text,
            ORGANIZATION => subject.organizations.push(text),
            _ => {}
        }
    }
    Some(())
}

/// What is looked at of a certificate.
pub struct Certificate<'a> {
    /// The part that is signed.
    pub info: &'a [u8],
    pub signature: &'a [u8],
    /// Both ends of its time, as DER.
    pub not_before: &'a [u8],
    pub not_after: &'a [u8],
    pub subject: Subject,
}

/// Reads a certificate in DER.
pub fn certificate(bytes: &[u8]) -> Option<Certificate<'_>> {
    let outer = tagged(bytes, SEQUENCE)?;
    let info = tagged(outer.content, SEQUENCE)?;
    let algorithm = tagged(info.rest, SEQUENCE)?;
    let signature = tagged(algorithm.rest, BIT_STRING)?;
    // Version, serial number, algorithm and issuer come before the validity.
    let mut rest = info.content;
    for _ in 0..4 {
        rest = element(rest)?.rest;
    }
    let validity = tagged(rest, SEQUENCE)?;
    let not_before = element(validity.content)?;
    let not_after = element(not_before.rest)?;
    let name = tagged(validity.rest, SEQUENCE)?;
    let mut subject = Subject::default();
    read_name(name.content, &mut subject)?;
    Some(Certificate {
        info: info.whole,
        signature: signature.content.get(1..)?,
        not_before: not_before.whole,
        not_after: not_after.whole,
        subject,
    })
}

/// Reads `spec.request`: base64 of PEM of a PKCS#10 request. Errors are those of ParseCSR.
pub fn parse(request: &str) -> Result<Subject, String> {
    let pem = base64::decode(request).unwrap_or_default();
    let pem = String::from_utf8_lossy(&pem);
    let body = pem.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END));
    let Some((body, _)) = body else {
        return Err("PEM block type must be CERTIFICATE REQUEST".to_owned());
    };
    let der = base64::decode(body.trim()).unwrap_or_default();
    subject(&der).ok_or_else(|| "asn1: syntax error: data truncated".to_owned())
}
