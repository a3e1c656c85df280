// Validates Kubernetes objects: reads YAML documents from standard input, writes what is wrong with them, one line each, and
// how many objects were validated. node validate.cjs FOLDER, where the folder is the node_modules that has the schemas.
//
// The schemas are compiled into functions that read the fields they know. So a field that they do not read is one that they do
// not know, which a cluster would drop or refuse.
'use strict';
const { readFileSync } = require('node:fs');
const { join, resolve } = require('node:path');
const { pathToFileURL } = require('node:url');

const folder = resolve(process.argv[2]);
const yaml = require(join(folder, 'js-yaml'));

const packages = {
    'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
    'keda.sh': '@kubernetes-models/keda',
    'gateway.networking.k8s.io': '@kubernetes-models/gateway-api',
};

async function modelsOf(document) {
    const [group, version] = document.apiVersion.includes('/') ? document.apiVersion.split('/') : ['', document.apiVersion];
    const path = join(folder, packages[group] ?? 'kubernetes-models', group, version, 'index.js');
    return import(pathToFileURL(path));
}

function watch(value, path, seen) {
    if (value === null || typeof value !== 'object') {
        return value;
    }

    const known = { path, value, keys: new Set(), all: Array.isArray(value) };
    seen.push(known);
    const children = new Map();
    return new Proxy(value, {
        get(target, key, receiver) {
            if (typeof key === 'string') {
                known.keys.add(key);
                if (Object.hasOwn(target, key)) {
                    if (!children.has(key)) {
                        children.set(key, watch(target[key], `${path}/${key}`, seen));
                    }

                    return children.get(key);
                }
            }

            return Reflect.get(target, key, receiver);
        },
        ownKeys(target) {
            known.all = true;
            return Reflect.ownKeys(target);
        },
    });
}

async function problemsOf(document) {
    const exported = await modelsOf(document);
    const Model = exported[document.kind] ?? exported.default?.[document.kind];
    if (!Model) {
        return ['there is no schema for it'];
    }

    // The class copies what it is given, which must not count as reading it.
    const copy = Object.assign(Object.create(Model.prototype), document);
    const seen = [];
    const problems = [];
    try {
        Model.prototype.validate.call(watch(copy, '', seen));
    } catch (error) {
        problems.push(error.message.replaceAll('\n', '; '));
    }

    for (const { path, value, keys, all } of seen) {
        // What no field is read of is free-form, such as the configuration of an extension.
        if (!all && keys.size > 0) {
            problems.push(...Object.keys(value).filter(key => !keys.has(key)).map(key => `${path}/${key}: unknown field`));
        }
    }

    return problems;
}

async function main() {
    let count = 0;
    for (const document of yaml.loadAll(readFileSync(0, 'utf8')).filter(document => document)) {
        const name = `${document.kind} ${document.metadata?.name}`;
        try {
            (await problemsOf(document)).forEach(problem => console.log(`${name}: ${problem}`));
            count++;
        } catch (error) {
            console.log(`${name}: ${error.message.split('\n')[0]}`);
        }
    }

    console.log(`validated ${count}`);
}

main();
