using System.Buffers;
using System.Globalization;
using System.Text;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.OpenApi;

/// <summary>Writes nested JSON and sees to the commas. Whether names and nesting make sense is up to its caller.</summary>
internal sealed class JsonComposer(PooledText output)
{
    private bool _needsComma;

    /// <summary>The bytes written so far.</summary>
    public long Length => output.Length;

    public void BeginObject(string? name = null) => Begin(name, "{"u8);

    public void EndObject() => End("}"u8);

    public void BeginArray(string? name = null) => Begin(name, "["u8);

    public void EndArray() => End("]"u8);

    public void Member(string name, string value)
    {
        WriteName(name);
        JsonStringWriter.Write(output, value);
    }

    public void Member(string name, long value) => Raw(name, value.ToString(CultureInfo.InvariantCulture));

    public void Item(string value)
    {
        Separate();
        JsonStringWriter.Write(output, value);
        _needsComma = true;
    }

    public void Item(long value)
    {
        Separate();
        Encoding.UTF8.GetBytes(value.ToString(CultureInfo.InvariantCulture), output);
        _needsComma = true;
    }

    public void Item(bool value)
    {
        Separate();
        output.Write(value ? "true"u8 : "false"u8);
        _needsComma = true;
    }

    /// <summary>A member whose value is JSON already.</summary>
    public void Raw(string name, string json)
    {
        WriteName(name);
        Encoding.UTF8.GetBytes(json, output);
    }

    /// <summary>A member whose value is JSON already.</summary>
    public void Raw(string name, ReadOnlySpan<byte> json)
    {
        WriteName(name);
        output.Write(json);
    }

    /// <summary>A member that points to a schema of the document.</summary>
    public void Reference(string name, string schema)
    {
        BeginObject(name);
        Member("$ref", "#/components/schemas/" + schema);
        EndObject();
    }

    private void Begin(string? name, ReadOnlySpan<byte> bracket)
    {
        if (name is null)
        {
            Separate();
        }
        else
        {
            WriteName(name);
        }

        output.Write(bracket);
        _needsComma = false;
    }

    private void End(ReadOnlySpan<byte> bracket)
    {
        output.Write(bracket);
        _needsComma = true;
    }

    private void WriteName(string name)
    {
        Separate();
        JsonStringWriter.Write(output, name);
        output.Write(":"u8);
        _needsComma = true;
    }

    private void Separate()
    {
        if (_needsComma)
        {
            output.Write(","u8);
        }
    }
}
