//! What does the name of a field that a study declares itself say of it?
//!
//! Takes a name, whatever its case, gives whose value it is: a person's own or shared by a household; and whether it is
//! a part of the address at which somebody can be found, so that it may stand on a list for the field.

/// Whose value is it?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Each person has one of their own.
    Person,
    /// The members of a family have it in common, wherever they live: a second family name.
    Family,
    /// The members of a household have it in common.
    Household,
    /// The name does not say.
    Unknown,
}

/// Whose value a field of this name is.
#[must_use]
pub fn owner_of(name: &str) -> Owner {
    let words = words(name);
    let says = |known: &[&str]| known.iter().any(|word| words.contains(&format!("_{word}_")));
    let says_in_chinese = |known: &[&str]| known.iter().any(|word| name.contains(word));
    if says(&PERSON) || says_in_chinese(&PERSON_CHINESE) {
        Owner::Person
    } else if says(&FAMILY) {
        Owner::Family
    } else if says(&["birth"]) {
        Owner::Unknown
    } else if says(&DOOR)
        || says(&REGION)
        || says(&TELEPHONE)
        || says_in_chinese(&DOOR_CHINESE)
        || says_in_chinese(&REGION_CHINESE)
    {
        Owner::Household
    } else {
        Owner::Unknown
    }
}

/// Which part of the address where somebody lives a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressPart {
    /// Street, house, or all of it: with this a door can be found.
    Door,
    /// City, postcode: many live there.
    Region,
}

/// The part of an address that a field of this name holds, if its name says nothing else: lists for the field show no
/// employer, no school and no civil state, whose names may hold a word of an address.
#[must_use]
pub fn address_part(name: &str) -> Option<AddressPart> {
    if owner_of(name) != Owner::Household {
        return None;
    }
    let mut left = words(name);
    let mut take = |term: &str, ends: &str| {
        let (term, rest) = (format!("{ends}{term}{ends}"), if ends.is_empty() { "_" } else { ends });
        let is_there = left.contains(&term);
        while left.contains(&term) {
            left = left.replacen(&term, rest, 1);
        }
        is_there
    };
    let mut says = |terms: &[&str], chinese: &[&str]| {
        // Longer terms first: of `code_postal`, `postal` alone would leave a word behind.
        let (long, short): (Vec<&str>, Vec<&str>) = terms.iter().partition(|term| term.contains('_'));
        let words = long.into_iter().chain(short).map(|term| (term, "_"));
        words.chain(chinese.iter().map(|term| (*term, ""))).fold(false, |said, (term, ends)| take(term, ends) || said)
    };
    let (door, region) = (says(&DOOR, &DOOR_CHINESE), says(&REGION, &REGION_CHINESE));
    says(&[], &BESIDE_CHINESE);
    if !left.split('_').all(|word| word.is_empty() || BESIDE.contains(&word)) {
        return None;
    }
    match (door, region) {
        (true, _) => Some(AddressPart::Door),
        (false, true) => Some(AddressPart::Region),
        (false, false) => None,
    }
}

/// Words, one behind the other, in the names of fields that say at which door somebody lives, or on which street.
#[rustfmt::skip]
const DOOR: [&str; 44] = [
    "address", "addr", "homeaddress", "street", "streetname", "streetno", "streetnumber", "road", "house", "house_number",
    "housenumber", "house_no", "houseno", "unit_number", "apartment", "apt", "flat", "building",
    "adresse", "anschrift", "strasse", "straße", "hausnummer", "hausnr", "rue", "domicile", "calle", "direccion", "domicilio",
    "via", "indirizzo", "rua", "endereco", "ulica",
    "dirección", "endereço", "heimilisfang", "heimili", "dia_chi", "diachi", "alamat", "straat", "huisnummer", "numero_civico",
];
const DOOR_CHINESE: [&str; 3] = ["地址", "住址", "门牌"];

/// The same of what lies around many doors.
#[rustfmt::skip]
const REGION: [&str; 72] = [
    "suburb", "city", "cityname", "town", "village", "parish", "state", "province", "region", "zip", "zipcode", "postcode", "post_code",
    "postalcode", "postal", "county", "district", "locality", "municipality", "neighbourhood", "neighborhood",
    "plz", "postleitzahl", "ort", "wohnort", "stadt", "gemeinde", "commune", "ville", "code_postal", "ciudad", "codigo_postal",
    "municipio", "comune", "cidade", "miasto",
    "pincode", "pin_code", "eircode", "codepostal", "codigopostal", "ward", "borough", "barrio", "comuna", "quartier", "kommune",
    "sveitarfelag", "sveitarfélag", "huyen", "huyện", "quan", "quận", "phuong", "phường", "xa", "xã", "tinh", "tỉnh", "thana", "taluk",
    "taluka", "tehsil", "mandal", "upazila", "barangay", "kecamatan", "kelurahan", "kabupaten", "postnummer", "postnr", "stad",
];
const REGION_CHINESE: [&str; 5] = ["邮编", "邮政编码", "街道", "小区", "村"];

/// Words, one behind the other, in the names of fields that each person has alone.
#[rustfmt::skip]
const PERSON: [&str; 33] = [
    "middle", "middlename", "initial", "initials", "soc_sec", "ssn", "email", "e_mail", "passport", "licence", "license", "first_name",
    "firstname", "forename", "identity", "id_number", "id_no", "national_id", "birth_date", "date_of_birth", "dob", "birthdate",
    "dateofbirth", "birthday",
    "kennitala", "personnummer", "dni", "curp", "cpf", "codice_fiscale", "aadhaar", "social_security", "nhs_number",
];
const PERSON_CHINESE: [&str; 2] = ["出生日期", "身份证"];

/// Words, one behind the other, in the names of fields that brothers and sisters have in common.
#[rustfmt::skip]
const FAMILY: [&str; 13] = [
    "surname", "last_name", "lastname", "family_name", "familyname", "apellido", "apellidos", "cognome", "sobrenome", "nachname",
    "familienname", "nom_de_famille", "efternamn",
];

/// The same of telephones: shared, and no place to go to.
const TELEPHONE: [&str; 8] = ["phone", "telephone", "telefono", "teléfono", "telefon", "movil", "móvil", "dien_thoai"];

/// Words that stand beside those of a place and do not make another thing of it.
#[rustfmt::skip]
const BESIDE: [&str; 20] = [
    "name", "number", "no", "nr", "num", "code", "cd", "line", "text", "full", "home", "residence", "residential", "res", "dwelling",
    "current", "present", "usual", "desc", "block",
];
const BESIDE_CHINESE: [&str; 10] = ["现", "居住", "常住", "家庭", "详细", "名称", "号码", "所在", "号", "名"];

/// The words of a field's name in lower case, each between low lines: `_house_number_` of `HouseNumber`, `house-number`
/// and `house_number2`.
fn words(name: &str) -> String {
    let mut words = String::from("_");
    let mut last = '_';
    for character in name.chars() {
        let begins = character.is_uppercase() && last.is_lowercase();
        if (begins || !character.is_alphabetic()) && !words.ends_with('_') {
            words.push('_');
        }
        if character.is_alphabetic() {
            words.extend(character.to_lowercase());
        }
        last = character;
    }
    if !words.ends_with('_') {
        words.push('_');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{AddressPart, Owner, address_part, owner_of};

    #[test]
    fn what_a_household_shares_is_told_by_the_name_of_a_field() {
        for (name, expected) in [
            ("identity", Owner::Person),
            ("First Name", Owner::Person),
            ("DateOfBirth", Owner::Person),
            ("street_number", Owner::Household),
            ("Street", Owner::Household),
            ("HouseNumber", Owner::Household),
            ("address-2", Owner::Household),
            ("POSTCODE", Owner::Household),
            ("Hausnummer", Owner::Household),
            ("code_postal", Owner::Household),
            ("居住地址", Owner::Household),
            ("birth_place", Owner::Unknown),
            ("occupation", Owner::Unknown),
            ("capacity", Owner::Unknown),
            ("statement", Owner::Unknown),
            ("household_size", Owner::Unknown),
            ("telephone", Owner::Household),
            ("email", Owner::Person),
            ("kennitala", Owner::Person),
            ("second_surname", Owner::Family),
            ("apellido2", Owner::Family),
            ("second_first_name", Owner::Person),
            ("ward", Owner::Household),
            ("phường_xã", Owner::Household),
            ("pin_code", Owner::Household),
            ("pin", Owner::Unknown),
            ("reward", Owner::Unknown),
        ] {
            assert_eq!(owner_of(name), expected, "{name}");
        }
    }

    #[test]
    fn a_field_is_a_part_of_an_address_if_its_name_says_nothing_else() {
        let check = |names: &[&str], part: Option<AddressPart>| {
            names.iter().for_each(|name| assert_eq!(address_part(name), part, "{name}"));
        };
        let doors = [
            "street",
            "Street Name",
            "HouseNumber",
            "house_no",
            "address_1",
            "Home Address",
            "Hausnummer",
            "postal_address",
            "unit_number",
            "居住地址",
            "现住址",
            "门牌号",
            "小区地址",
        ];
        check(&doors, Some(AddressPart::Door));
        let regions = [
            "postcode",
            "zip_code",
            "code_postal",
            "city",
            "City Name",
            "suburb",
            "PLZ",
            "state",
            "邮政编码",
            "街道名称",
            "村",
        ];
        check(&regions, Some(AddressPart::Region));
        let others = [
            "telephone",
            "home_phone",
            "house_phone",
            "marital_state",
            "birth_city",
            "city_of_birth",
            "work_address",
            "employer_city",
            "school_district",
            "house_owner",
            "email_address",
            "former_address",
            "工作单位地址",
            "户籍地址",
            "街道干部",
            "name",
            "code",
            "number",
            "occupation",
            "",
        ];
        check(&others, None);
    }
}
