using System.Collections.Immutable;
using System.Globalization;
using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Host.Options;

/// <summary>
/// Reads the values of <c>--host-policy</c>: <c>&lt;name&gt;,cpu-cores=&lt;ranges&gt;</c> or <c>&lt;name&gt;,numa-node=&lt;number&gt;</c>, which stands for the processors of
/// that node. The system takes memory from the node of the thread that touches it first.
/// </summary>
/// <param name="files">Where the kernel tells of its nodes.</param>
/// <param name="allowed">The processors of this process; null where threads cannot be kept to any.</param>
/// <param name="source">What errors begin with.</param>
/// <param name="errors">Where they go.</param>
internal sealed class HostPolicyReader(IFileSystem files, ProcessorSet? allowed, string source, List<string> errors)
{
    /// <summary>Every setting of a policy.</summary>
    public static ImmutableArray<SettingDescription> Settings { get; } =
    [
        new("cpu-cores", "numbers and ranges of processors, such as 0-3,8", "all of the process", "The processors; the process must have them all."),
        new("numa-node", "number of a node", "any", "The processors of that node, as far as the process may use them. Beside cpu-cores, those of both."),
    ];

    /// <summary>Reads all values.</summary>
    public HostPolicies Read(IEnumerable<string> values)
    {
        var policies = new Dictionary<string, ProcessorSet>(StringComparer.Ordinal);
        foreach (var value in values)
        {
            var comma = value.IndexOf(',', StringComparison.Ordinal);
            var equals = value.IndexOf('=', Math.Max(comma, 0));
            if (comma < 1 || equals < 0)
            {
                Refuse(value, "expected <name>,cpu-cores=<ranges> or <name>,numa-node=<number>");
                continue;
            }

            var name = value[..comma];
            if (ReadSetting(value, value[(comma + 1)..equals], value[(equals + 1)..]) is not { } processors)
            {
                continue;
            }

            // Cores of a node, given beside the node.
            var both = policies.TryGetValue(name, out var before) ? [.. before.Ids.Intersect(processors.Ids)] : processors.Ids;
            if (both.IsEmpty)
            {
                Refuse(value, $"the policy has the processors {before}, none of which is among {processors}");
                continue;
            }

            policies[name] = new ProcessorSet(both);
        }

        return new HostPolicies { Processors = policies.ToImmutableDictionary(StringComparer.Ordinal) };
    }

    private ProcessorSet? ReadSetting(string value, string setting, string text)
    {
        ProcessorSet? processors;
        switch (setting)
        {
            case "cpu-cores":
                if (!ProcessorSet.TryParse(text, out processors))
                {
                    return Refuse(value, "expected numbers and ranges of processors such as cpu-cores=0-3,8");
                }

                break;
            case "numa-node":
                if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var node))
                {
                    return Refuse(value, "expected the number of a node such as numa-node=0");
                }

                processors = ReadNode(node);
                if (processors is null)
                {
                    return Refuse(value, FormattableString.Invariant($"this machine has no node {node} with processors"));
                }

                break;
            default:
                return Refuse(value, $"expected cpu-cores or numa-node, not '{setting}'");
        }

        if (allowed is null)
        {
            return Refuse(value, "instances can be kept to processors on Linux only");
        }

        // Of a node the process may have a part; of cores that somebody counted, it must have all.
        var own = processors.Ids.Intersect(allowed.Ids).ToList();
        return own.Count == 0 || (setting == "cpu-cores" && own.Count < processors.Ids.Length)
            ? Refuse(value, $"the processors of this process are {allowed}")
            : new ProcessorSet(own);
    }

    private ProcessorSet? ReadNode(int node)
    {
        var path = FormattableString.Invariant($"/sys/devices/system/node/node{node}/cpulist");
        return files.File.Exists(path) && ProcessorSet.TryParse(files.File.ReadAllText(path).Trim(), out var processors) ? processors : null;
    }

    private ProcessorSet? Refuse(string value, string why)
    {
        errors.Add($"{source}: {why}, got '{value}'");
        return null;
    }
}
