#!/usr/bin/env python3
"""Fails unless SAM leaves rights alone: what the translated template grants, the template grants.

SAM makes roles, policies and permissions of its own where a template is silent, some with AWS's
managed policies and their stars. A role that nobody has written cannot be held against the code,
so there must be none. Needs the package aws-sam-translator, and neither account nor network.

    translate.py template.yaml
"""

import copy
import json
import os
import sys

# The translator asks boto3 for the region, to tell the partition; which one does not matter.
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")

from samtranslator.parser.parser import Parser
from samtranslator.public.exceptions import InvalidDocumentException
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

# Words that only those properties have in which rights are given. A document in a text has them too.
GRANTING = {
    "AssumeRolePolicyDocument",
    "KeyPolicy",
    "ManagedPolicyArns",
    "PermissionsBoundary",
    "Policies",
    "Policy",
    "PolicyDocument",
    "ResourcePolicy",
    "Statement",
}


def translate(template):
    """What CloudFormation would get, with code as if it were uploaded already."""
    template = copy.deepcopy(template)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    translator = Translator(managed_policy_map={}, sam_parser=Parser())
    # Parameters without a default have no value here; references to them stay references.
    return translator.translate(sam_template=template, parameter_values={})


def grants(value):
    """Whether rights are given anywhere in a resource."""
    if isinstance(value, dict):
        return any(key in GRANTING or grants(inner) for key, inner in value.items())
    if isinstance(value, list):
        return any(grants(inner) for inner in value)
    return isinstance(value, str) and '"Statement"' in value


def granting(template):
    """All resources that give rights, by name."""
    return {
        name: {"Type": resource["Type"], "Properties": resource.get("Properties", {})}
        for name, resource in template["Resources"].items()
        if resource["Type"].startswith("AWS::IAM::")
        or resource["Type"].endswith(("Permission", "Policy"))
        or grants(resource.get("Properties", {}))
    }


def roles_named(value, path=""):
    """Each place in which a resource names the role that it works in."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("Role", "RoleArn"):
                yield f"{path}.{key}", inner
            else:
                yield from roles_named(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from roles_named(inner, f"{path}[{index}]")


def problems(written, translated):
    """A sentence for everything that SAM added, took away or changed."""
    before, after = granting(written), granting(translated)
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            yield f"SAM makes {name} ({after[name]['Type']}), which the template does not write"
        elif name not in after:
            yield f"{name} gives rights in the template, and SAM leaves them out"
        elif before[name] != after[name]:
            yield f"SAM changes {name}: {json.dumps(after[name])}"
    own_roles = {
        json.dumps({"Fn::GetAtt": [name, "Arn"]})
        for name, resource in written["Resources"].items()
        if resource["Type"] == "AWS::IAM::Role"
    }
    for name, resource in translated["Resources"].items():
        properties = resource.get("Properties", {})
        named = list(roles_named(properties, name))
        if resource["Type"] in ("AWS::Lambda::Function", "AWS::Scheduler::Schedule") and not named:
            yield f"{name} works in no role"
        for place, role in named:
            if json.dumps(role) not in own_roles:
                yield f"{place} is {json.dumps(role)}, no role of this template"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        written = yaml_parse(file.read())
    try:
        translated = translate(written)
    except InvalidDocumentException as error:
        sys.exit("\n".join([str(error), *map(str, error.causes)]))
    found = list(problems(written, translated))
    if found:
        sys.exit("\n".join(found))
    count = len(granting(translated))
    print(f"{count} resources give rights, all of them as {sys.argv[1]} writes them")


if __name__ == "__main__":
    main()
