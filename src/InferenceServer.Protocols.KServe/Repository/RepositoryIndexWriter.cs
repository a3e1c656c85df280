using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.Repository;

/// <summary>Writes the repository index as JSON: an array with an object a version; what is not known is left out.</summary>
internal static class RepositoryIndexWriter
{
    public static void Write(IBufferWriter<byte> output, ImmutableArray<ModelIndexEntry> entries)
    {
        output.Write("["u8);
        for (var i = 0; i < entries.Length; i++)
        {
            var entry = entries[i];
            output.Write(i == 0 ? "{\"name\":"u8 : ",{\"name\":"u8);
            JsonStringWriter.Write(output, entry.Name);
            WriteMember(output, ",\"version\":"u8, entry.Version?.ToString(CultureInfo.InvariantCulture));
            WriteMember(output, ",\"state\":"u8, entry.State is { } state ? IndexStates.NameOf(state) : null);
            WriteMember(output, ",\"reason\":"u8, entry.Reason.Length > 0 ? entry.Reason : null);
            output.Write("}"u8);
        }

        output.Write("]"u8);
    }

    private static void WriteMember(IBufferWriter<byte> output, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            output.Write(name);
            JsonStringWriter.Write(output, value);
        }
    }
}
