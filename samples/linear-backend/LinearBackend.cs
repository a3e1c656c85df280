using System.Globalization;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;

/// <summary>Serves linear models: each line of model.csv holds the weights of one output, and its bias at the end.</summary>
public sealed class LinearBackend : IBackend
{
    public BackendDescriptor Descriptor { get; } = new("linear") { ModelFilenames = ["model.csv"], DescribesModels = true };

    public async ValueTask<IBackendModel> LoadAsync(ModelLoadContext context, CancellationToken cancellationToken)
    {
        var lines = await File.ReadAllLinesAsync(context.ModelFile!, cancellationToken);
        var rows = lines.Where(static line => line.Length > 0).Select(Parse).ToArray();
        if (rows.Length == 0 || rows.Any(row => row.Length < 2 || row.Length != rows[0].Length))
        {
            throw new BackendException(ErrorCode.InvalidArgument, "model.csv must have lines of as many numbers each, at least two");
        }

        return new LinearModel(rows);
    }

    private static float[] Parse(string line, int index)
    {
        var cells = line.Split(',');
        return [.. cells.Select(cell => float.TryParse(cell, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new BackendException(ErrorCode.InvalidArgument, $"line {index + 1} of model.csv: expected a number, got '{cell.Trim()}'"))];
    }
}
