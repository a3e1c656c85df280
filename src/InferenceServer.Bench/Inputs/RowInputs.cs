using System.Text.Json;
using InferenceServer.Bench.Models;

namespace InferenceServer.Bench.Inputs;

/// <summary>Inputs in the form whose entries have one row of every input.</summary>
internal static class RowInputs
{
    /// <param name="entry">The inputs by their names.</param>
    /// <param name="index">Which entry it is, for messages.</param>
    /// <param name="model">The model.</param>
    /// <param name="options">Shapes of inputs that have none in the file.</param>
    public static IReadOnlyList<Tensor> Read(JsonElement entry, int index, ModelMetadata model, InputOptions options)
    {
        foreach (var member in entry.EnumerateObject().Where(member => model.Inputs.All(input => input.Name != member.Name)))
        {
            throw new FormatException($"entry {index}: model '{model.Name}' has no input '{member.Name}', but {string.Join(", ", model.Inputs.Select(static input => $"'{input.Name}'"))}");
        }

        return [.. model.Inputs.Where(input => entry.TryGetProperty(input.Name, out _)).Select(input => ReadInput(entry.GetProperty(input.Name), index, model, input, options))];
    }

    /// <summary>Makes requests of several rows out of entries of one, going round at the end of the file.</summary>
    public static IReadOnlyList<IReadOnlyList<Tensor>> Combine(IReadOnlyList<IReadOnlyList<Tensor>> entries, ModelMetadata model, int rows)
    {
        if (rows == 1 || entries.Count == 0)
        {
            return entries;
        }

        var requests = new List<IReadOnlyList<Tensor>>();
        for (var first = 0; first < entries.Count; first += rows)
        {
            var together = Enumerable.Range(first, rows).Select(i => entries[i % entries.Count]).ToList();
            requests.Add([.. together[0].Select((tensor, input) => Stack(model, [.. together.Select(entry => entry[input])]))]);
        }

        return requests;
    }

    private static Tensor Stack(ModelMetadata model, IReadOnlyList<Tensor> rows)
    {
        var first = rows[0];
        var metadata = model.Inputs.Single(input => input.Name == first.Name);
        var areAlike = metadata.Shape is [-1, ..] && rows.All(row => row.Name == first.Name && row.Shape.Skip(1).SequenceEqual(first.Shape.Skip(1)));
        return areAlike
            ? first with { Shape = [rows.Sum(static row => row.Shape[0]), .. first.Shape.Skip(1)], Data = [.. rows.SelectMany(static row => row.Data)] }
            : throw new FormatException($"--rows {rows.Count}: the entries of input '{first.Name}' cannot be put into one request, as their shapes differ or model '{model.Name}' has no leading free dimension");
    }

    private static Tensor ReadInput(JsonElement value, int index, ModelMetadata model, TensorMetadata metadata, InputOptions options)
    {
        var (content, given) = (value, (long[]?)null);
        byte[]? bytes = null;
        if (value.ValueKind == JsonValueKind.Object)
        {
            given = value.TryGetProperty("shape", out var shape) ? [.. shape.EnumerateArray().Select(static dimension => dimension.GetInt64())] : null;
            bytes = value.TryGetProperty("b64", out var encoded) ? encoded.GetBytesFromBase64() : null;
            content = bytes is null ? value.GetProperty("content") : default;
        }

        bytes ??= TensorJson.Read(content, metadata.DataType);
        var whole = given is null ? Guess(model, metadata, options, bytes) : metadata.Shape is [-1, ..] && given.Length == metadata.Shape.Count - 1 ? [1, .. given] : given;
        var count = DataTypes.ElementsIn(metadata.DataType, bytes);
        return InputShape.Fits(metadata, whole) && DataTypes.Count(whole) == count
            ? new Tensor(metadata.Name, metadata.DataType, whole, bytes)
            : throw new FormatException($"entry {index}: input '{metadata.Name}' has {count} values for the shape {InputShape.Text(whole)}; model '{model.Name}' takes {InputShape.Text(metadata.Shape)}");
    }

    /// <summary>Without a shape one row is meant; where one dimension behind it is free, it takes what there is.</summary>
    private static long[] Guess(ModelMetadata model, TensorMetadata metadata, InputOptions options, byte[] bytes)
    {
        if (metadata.Shape is [-1] && !options.Shapes.ContainsKey(metadata.Name))
        {
            // Whether that dimension is of rows or not, it takes what there is.
            return [DataTypes.ElementsIn(metadata.DataType, bytes)];
        }

        var shape = InputShape.Of(model, metadata, options with { Rows = 1 });
        var free = metadata.Shape.Index().Where(static pair => pair.Item == -1 && pair.Index > 0).Select(static pair => pair.Index).ToList();
        if (free.Count == 1 && !options.Shapes.ContainsKey(metadata.Name) && DataTypes.Count(shape) is > 0 and var others)
        {
            shape[free[0]] = DataTypes.ElementsIn(metadata.DataType, bytes) / others;
        }

        return shape;
    }
}
