//! What a customer says of an applicant.

use kycsim_scenarios::ApplicantKey;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::countries::{alpha_2, is_known, nowhere};
use super::errors::{BLANK, invalid};
use super::fields::Fields;
use crate::refusal::Refusal;
use crate::session::CountryCode;

/// The longest name under which the core may know somebody.
const KEY_MAX: usize = 128;
/// What no name may hold.
const NOT_IN_NAMES: &str = "!#$%*=<>;{}\"";

/// What a customer says of an applicant; what is left out of an update stays.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Profile {
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) dob: Option<String>,
    pub(super) phone_number: Option<String>,
    pub(super) id_numbers: Option<Vec<IdNumber>>,
    pub(super) address: Option<Address>,
    pub(super) location: Option<Location>,
    pub(super) consents: Option<Vec<Consent>>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct IdNumber {
    r#type: String,
    value: String,
    state_code: Option<String>,
}

/// All the parts of an address by their names, but for the country.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Address {
    pub(super) country: String,
    pub(super) rest: Map<String, Value>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Location {
    ip_address: Option<String>,
    country_of_residence: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Consent {
    name: String,
    granted: bool,
}

const ADDRESS_PARTS: [&str; 11] =
    ["flat_number", "building_number", "building_name", "street", "sub_street", "town", "state", "postcode", "line1", "line2", "line3"];

const CONSENTS: [&str; 3] = ["privacy_notices_read", "ssn_verification", "phone_number_verification"];

impl Profile {
    /// Reads what is said of an applicant.
    pub(super) fn read(mut fields: Fields) -> Result<Self, Refusal> {
        Ok(Self {
            first_name: name(&mut fields, "first_name")?,
            last_name: name(&mut fields, "last_name")?,
            email: email(&mut fields)?,
            dob: date(&mut fields, "dob")?,
            phone_number: fields.text("phone_number")?,
            id_numbers: fields.objects("id_numbers")?.map(|all| all.into_iter().map(id_number).collect()).transpose()?,
            address: fields.object("address")?.map(address).transpose()?,
            location: fields.object("location")?.map(location).transpose()?,
            consents: fields.objects("consents")?.map(|all| all.into_iter().map(consent).collect()).transpose()?,
        })
    }

    /// Refuses what says too little to begin with.
    pub(super) fn complete(self) -> Result<Self, Refusal> {
        for (field, given) in [("first_name", &self.first_name), ("last_name", &self.last_name)] {
            if given.is_none() {
                return Err(invalid(field, BLANK));
            }
        }
        Ok(self)
    }

    /// Puts what `news` says in place of what is said here.
    pub(super) fn update(&mut self, news: Self) {
        let Self { first_name, last_name, email, dob, phone_number, id_numbers, address, location, consents } = news;
        replace(&mut self.first_name, first_name);
        replace(&mut self.last_name, last_name);
        replace(&mut self.email, email);
        replace(&mut self.dob, dob);
        replace(&mut self.phone_number, phone_number);
        replace(&mut self.id_numbers, id_numbers);
        replace(&mut self.address, address);
        replace(&mut self.location, location);
        replace(&mut self.consents, consents);
    }

    /// Returns the customer's own name for the applicant: the first id number of type `other`, or else the e-mail address.
    pub(super) fn key(&self) -> Option<ApplicantKey> {
        let reference = self.id_numbers.iter().flatten().find(|number| number.r#type == "other").map(|number| &number.value);
        let fits = |name: &&String| !name.is_empty() && name.len() <= KEY_MAX;
        reference.filter(fits).or(self.email.as_ref().filter(fits)).map(|name| ApplicantKey::new(name.as_str()))
    }

    /// Returns where the applicant lives.
    pub(super) fn country(&self) -> Option<CountryCode> {
        let residence = self.location.as_ref().and_then(|location| location.country_of_residence.as_deref());
        self.address.as_ref().map(|address| address.country.as_str()).or(residence).and_then(alpha_2).or_else(nowhere)
    }
}

fn replace<T>(place: &mut Option<T>, news: Option<T>) {
    if news.is_some() {
        *place = news;
    }
}

fn name(fields: &mut Fields, field: &str) -> Result<Option<String>, Refusal> {
    match fields.text(field)? {
        Some(name) if name.trim().is_empty() => Err(invalid(field, BLANK)),
        Some(name) if name.contains(|letter| NOT_IN_NAMES.contains(letter)) => Err(invalid(field, "invalid characters")),
        name => Ok(name),
    }
}

fn email(fields: &mut Fields) -> Result<Option<String>, Refusal> {
    match fields.text("email")? {
        Some(email) if !email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()) => {
            Err(invalid("email", "is invalid"))
        }
        email => Ok(email),
    }
}

/// Takes a date, `YYYY-MM-DD`.
fn date(fields: &mut Fields, field: &str) -> Result<Option<String>, Refusal> {
    match fields.text(field)? {
        Some(date) if date.len() != 10 || date.parse::<jiff::civil::Date>().is_err() => {
            Err(invalid(field, "must be a date such as 1990-01-01"))
        }
        date => Ok(date),
    }
}

fn id_number(mut fields: Fields) -> Result<IdNumber, Refusal> {
    Ok(IdNumber { r#type: fields.needed_text("type")?, value: fields.needed_text("value")?, state_code: fields.text("state_code")? })
}

fn country(fields: &mut Fields, outer: &str, field: &str) -> Result<Option<String>, Refusal> {
    match fields.text(field)? {
        Some(code) if !is_known(&code) => Err(invalid(format!("{outer}.{field}"), "is not a country: three capital letters of ISO 3166-1")),
        code => Ok(code),
    }
}

fn address(mut fields: Fields) -> Result<Address, Refusal> {
    let country = country(&mut fields, "address", "country")?.ok_or_else(|| invalid("address.country", BLANK))?;
    let mut rest = Map::new();
    for part in ADDRESS_PARTS {
        rest.insert(part.to_owned(), json!(fields.text(part)?));
    }
    let given = |part: &str| rest.get(part).is_some_and(|value| !value.is_null());
    if !given("postcode") {
        return Err(invalid("address.postcode", BLANK));
    }
    if country == "USA" && !given("state") {
        return Err(invalid("address.state", BLANK));
    }
    Ok(Address { country, rest })
}

fn location(mut fields: Fields) -> Result<Location, Refusal> {
    Ok(Location { ip_address: fields.text("ip_address")?, country_of_residence: country(&mut fields, "location", "country_of_residence")? })
}

fn consent(mut fields: Fields) -> Result<Consent, Refusal> {
    let name = fields.needed_text("name")?;
    if !CONSENTS.contains(&name.as_str()) {
        return Err(invalid("consents.name", "is not a consent"));
    }
    Ok(Consent { name, granted: fields.flag("granted")?.unwrap_or(false) })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::dialects::Payload;

    fn read(json: &Value) -> Result<Profile, Refusal> {
        Profile::read(Fields::of(&Payload::Json(Bytes::from(json.to_string())))?)?.complete()
    }

    #[track_caller]
    fn check_key(more: &Value, expected: Option<&str>) {
        let mut all = json!({"first_name": "Mara", "last_name": "Lindqvist"});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(read(&all).unwrap_or_else(|refusal| panic!("{refusal}")).key(), expected.map(ApplicantKey::new));
    }

    #[test]
    fn an_applicant_is_known_by_the_customers_own_name_for_it() {
        let other = json!([{"type": "ssn", "value": "1"}, {"type": "other", "value": "a-42"}]);
        check_key(&json!({"id_numbers": other, "email": "m@example.org"}), Some("a-42"));
        check_key(&json!({"email": "m@example.org"}), Some("m@example.org"));
        check_key(&json!({}), None);
    }

    #[track_caller]
    fn check_refused(json: &Value, field: &str) {
        let Err(Refusal::Own(rebuff)) = read(json) else { panic!("not refused: {json}") };
        assert_eq!(rebuff.param.as_deref(), Some(field));
    }

    #[test]
    fn what_is_wrong_about_an_applicant_is_blamed() {
        check_refused(&json!({}), "first_name");
        check_refused(&json!({"first_name": "a"}), "last_name");
        check_refused(&json!({"first_name": "a<b", "last_name": "x"}), "first_name");
        let with = |field: &str, value: Value| json!({"first_name": "a", "last_name": "b", field: value});
        check_refused(&with("dob", json!("1990-13-01")), "dob");
        check_refused(&with("email", json!("nobody")), "email");
        check_refused(&with("address", json!({"country": "DE", "postcode": "1"})), "address.country");
        check_refused(&with("address", json!({"country": "DEU"})), "address.postcode");
        check_refused(&with("address", json!({"country": "USA", "postcode": "1"})), "address.state");
        check_refused(&with("consents", json!([{"name": "x", "granted": true}])), "consents.name");
    }

    #[test]
    fn an_applicant_lives_at_their_address_or_where_they_say_or_nowhere() {
        let country = |more: Value| {
            let mut all = json!({"first_name": "a", "last_name": "b"});
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            read(&all).unwrap_or_else(|refusal| panic!("{refusal}")).country().map(|code| code.as_str().to_owned())
        };
        let residence = json!({"country_of_residence": "SWE"});
        assert_eq!(country(json!({"address": {"country": "DEU", "postcode": "1"}, "location": residence})).as_deref(), Some("DE"));
        assert_eq!(country(json!({"location": {"country_of_residence": "SWE"}})).as_deref(), Some("SE"));
        assert_eq!(country(json!({})).as_deref(), Some("XX"));
    }
}
