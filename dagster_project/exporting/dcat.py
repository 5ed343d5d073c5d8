"""``dcat.jsonld``: the export as data portals list it, DCAT-AP-SE in JSON-LD.

Belongs here: the same things as the data package says (``package``), in the words of DCAT. Does not belong here:
columns, which DCAT has no words for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

_CONTEXT: Final = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_AUTHORITY: Final = "http://publications.europa.eu/resource/authority"
_MEDIA_TYPES: Final = "http://www.iana.org/assignments/media-types"

_LICENCES: Final = {
    "CC0 1.0": "http://creativecommons.org/publicdomain/zero/1.0/",
    "CC BY 4.0": "http://creativecommons.org/licenses/by/4.0/",
}
"""Licences that have an address; others are told in words."""


def catalogue(package: Mapping[str, Any]) -> dict[str, Any]:
    """The catalogue of a data package: a data set for each relation, a distribution for each of its formats.

    Addresses are relative to the file, so that they hold wherever the folder is put. The publisher is named without an
    address: whoever lays the folder out writes their own into it before a portal harvests it.
    """
    publisher = {"@type": "foaf:Agent", "foaf:name": "kommunlager"}
    resources: dict[str, list[Mapping[str, Any]]] = {}
    for resource in package["resources"]:
        resources.setdefault(resource["title"], []).append(resource)
    return {
        "@context": _CONTEXT,
        "@id": "",
        "@type": "dcat:Catalog",
        "dcterms:title": {"@language": "sv", "@value": package["title"]},
        "dcterms:description": [
            {
                "@language": "sv",
                "@value": "Siffror som svenska kommuners nämnder trycker i sina rapporter, var och en med sin cell.",
            },
            {"@language": "en", "@value": package["description"]},
        ],
        "dcterms:publisher": publisher,
        "dcterms:language": {"@id": f"{_AUTHORITY}/language/SWE"},
        "dcterms:modified": {"@type": "xsd:dateTime", "@value": package["created"]},
        "dcat:dataset": [_dataset(title, found, package, publisher) for title, found in resources.items()],
    }


def _dataset(
    title: str, resources: Sequence[Mapping[str, Any]], package: Mapping[str, Any], publisher: Mapping[str, Any]
) -> dict[str, Any]:
    sources = {one["name"]: one for resource in resources for one in resource.get("sources", ())}
    about: dict[str, Any] = {
        "@id": f"#{title}",
        "@type": "dcat:Dataset",
        "dcterms:title": {"@language": "en", "@value": title},
        "dcterms:description": {"@language": "en", "@value": resources[0]["description"] or title},
        "dcterms:identifier": title,
        "dcterms:publisher": publisher,
        "dcterms:spatial": {"@id": f"{_AUTHORITY}/country/SWE"},
        "dcterms:modified": {"@type": "xsd:dateTime", "@value": package["created"]},
        "dcat:version": package["version"],
        "dcat:theme": {"@id": f"{_AUTHORITY}/data-theme/GOVE"},
        "dcat:keyword": [{"@language": "sv", "@value": word} for word in ("kommuner", "budget", "nyckeltal")],
        "dcat:distribution": [_distribution(resource) for resource in resources],
    }
    if sources:
        about["dcterms:source"] = [_source(sources[name]) for name in sorted(sources)]
        about["dcterms:contributor"] = [
            {"@type": "foaf:Agent", "foaf:name": name}
            for name in sorted({one["publisher"] for one in sources.values()})
        ]
    return about


def _distribution(resource: Mapping[str, Any]) -> dict[str, Any]:
    files = [resource["path"]] if isinstance(resource["path"], str) else list(resource["path"])
    files += resource.get("extrapaths", [])
    about: dict[str, Any] = {
        "@type": "dcat:Distribution",
        "dcterms:title": {"@language": "en", "@value": resource["name"]},
        "dcat:accessURL": {"@id": "datapackage.json"},
        "dcat:downloadURL": [{"@id": file} for file in files],
        "dcat:mediaType": {"@id": f"{_MEDIA_TYPES}/{resource['mediatype']}"},
    }
    if licences := [one["title"] for one in resource.get("licenses", ())]:
        about["dcterms:license"] = [_licence(title) for title in licences]
    return about


def _source(source: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "dcat:Dataset",
        "dcterms:title": {"@language": "sv", "@value": source["title"]},
        "dcterms:publisher": {"@type": "foaf:Agent", "foaf:name": source["publisher"]},
        "dcterms:license": _licence(source["licence"]),
        "dcterms:bibliographicCitation": source["attribution"],
    }


def _licence(title: str) -> dict[str, Any]:
    if title in _LICENCES:
        return {"@id": _LICENCES[title]}
    return {"@type": "dcterms:LicenseDocument", "dcterms:title": {"@language": "en", "@value": title}}
