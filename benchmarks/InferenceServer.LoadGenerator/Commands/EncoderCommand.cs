using System.CommandLine;
using InferenceServer.Bench.Commands;
using InferenceServer.Bench;
using InferenceServer.LoadGenerator.Models;

namespace InferenceServer.LoadGenerator.Commands;

/// <summary>Writes a model of many nodes, which takes long to optimise.</summary>
internal static class EncoderCommand
{
    public static Command Create()
    {
        var width = CheckedOption.Whole("--width", "Numbers of a position; a multiple of 8", 256, 8, 4096);
        var layers = CheckedOption.Whole("--layers", "Layers of attention and two linear maps: 48 times the square of the width in bytes", 12, 1, 512);
        var output = new Option<FileInfo>("--output") { Description = "The ONNX file to write; its folder is made", Required = true }.AcceptLegalFilePathsOnly();
        var command = new Command("encoder", "Writes a transformer encoder with made-up weights, spelt in elementary operators as exporters do, as an ONNX file");
        foreach (var option in (Option[])[width, layers, output])
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancellation) => Failures.ReportAsync(async () =>
        {
            var (size, count) = (parsed.GetRequiredValue(width), parsed.GetRequiredValue(layers));
            if (size % EncoderFile.Heads != 0 || 48L * size * size * count > 1L << 30)
            {
                throw new BenchException($"a width of {size} with {count} layers: expected a multiple of {EncoderFile.Heads}, and less than 2^30 bytes of weights");
            }

            var file = parsed.GetRequiredValue(output);
            file.Directory!.Create();
            await File.WriteAllBytesAsync(file.FullName, EncoderFile.Of(size, count), cancellation);
            return 0;
        }));
        return command;
    }
}
