using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Caching;

/// <summary>
/// The key of a request: a digest over everything that its answer depends on. Requests that must get the same answer may have different keys, which costs an execution; those
/// that may get different answers must not have the same.
/// </summary>
internal static class RequestKey
{
    /// <summary>How a request is to be treated is no matter of its answer.</summary>
    private static readonly string[] s_irrelevant = ["priority", "timeout", ScheduleExplanation.Parameter];

    /// <summary>Makes the key of a request that has been checked, so that its inputs have the model's order.</summary>
    /// <param name="seed">What stands for the version of the model.</param>
    /// <param name="pending">The request.</param>
    public static CacheKey Of(ReadOnlySpan<byte> seed, PendingInference pending)
    {
        var digest = DigestWriter.Begin();
        digest.Write(seed);
        WriteOutputs(digest, pending.RequestedOutputs);
        var inputs = pending.Request.Inputs;
        digest.Write((long)inputs.Count);
        for (var i = 0; i < inputs.Count; i++)
        {
            var input = inputs[i];
            digest.Write(input.Name);
            digest.Write((byte)input.DataType);
            digest.Write((byte)input.Shape.Rank);
            foreach (var dimension in input.Shape.AsSpan())
            {
                digest.Write(dimension);
            }

            digest.Write(input.Length);
            digest.Write(input);
        }

        WriteParameters(digest, pending.Request.Parameters);
        Span<byte> bytes = stackalloc byte[CacheKey.Size];
        digest.End(bytes);
        return new CacheKey(bytes);
    }

    /// <summary>The set, since their order is the response's: whoever names all outputs asks for the same as whoever names none.</summary>
    private static void WriteOutputs(DigestWriter digest, bool[]? requested)
    {
        if (requested is null || Array.TrueForAll(requested, static isRequested => isRequested))
        {
            digest.Write(-1L);
            return;
        }

        digest.Write((long)requested.Length);
        foreach (var isRequested in requested)
        {
            digest.Write(isRequested ? (byte)1 : (byte)0);
        }
    }

    private static void WriteParameters(DigestWriter digest, Dictionary<string, ParameterValue> parameters)
    {
        if (parameters.Count == 0)
        {
            return;
        }

        var names = parameters.Keys.Except(s_irrelevant, StringComparer.Ordinal).ToArray();
        Array.Sort(names, StringComparer.Ordinal);
        foreach (var name in names)
        {
            digest.Write(name);
            WriteValue(digest, parameters[name]);
        }
    }

    private static void WriteValue(DigestWriter digest, ParameterValue value)
    {
        digest.Write((byte)value.Kind);
        switch (value.Kind)
        {
            case ParameterKind.Bool:
                value.TryGetBool(out var flag);
                digest.Write(flag ? (byte)1 : (byte)0);
                break;
            case ParameterKind.Int64:
                value.TryGetInt64(out var number);
                digest.Write(number);
                break;
            case ParameterKind.UInt64:
                value.TryGetUInt64(out var unsigned);
                digest.Write(unchecked((long)unsigned));
                break;
            case ParameterKind.Double:
                value.TryGetDouble(out var real);
                digest.Write(BitConverter.DoubleToInt64Bits(real));
                break;
            default:
                value.TryGetString(out var text);
                digest.Write(text);
                break;
        }
    }
}
