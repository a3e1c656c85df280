// Validates Kubernetes objects: reads YAML documents from standard input, writes what is wrong with them, one line each, and
// how many objects were validated. Run with NODE_PATH set to the folder that has the schemas.
//
// The schemas are compiled into functions that read the fields they know. So a field that they do not read is one that they do
// not know, which a cluster would drop or refuse.
'use strict';
const yaml = require('js-yaml');

const packages = {
    'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
    'keda.sh': '@kubernetes-models/keda',
    'gateway.networking.k8s.io': '@kubernetes-models/gateway-api',
};

function modelsOf(document) {
    const [group, version] = document.apiVersion.includes('/') ? document.apiVersion.split('/') : ['', document.apiVersion];
    const root = packages[group] ?? 'kubernetes-models';
    return require([root, group, version].filter(part => part).join('/'));
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

function problemsOf(document) {
    const exported = modelsOf(document);
    const Model = exported[document.kind];
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

let count = 0;
for (const document of yaml.loadAll(require('node:fs').readFileSync(0, 'utf8')).filter(document => document)) {
    const name = `${document.kind} ${document.metadata?.name}`;
    try {
        problemsOf(document).forEach(problem => console.log(`${name}: ${problem}`));
        count++;
    } catch (error) {
        console.log(`${name}: ${error.message.split('\n')[0]}`);
    }
}

console.log(`validated ${count}`);
