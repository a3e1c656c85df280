namespace InferenceServer.Microbenchmarks.Engines;

/// <summary>A sample model as an engine is asked to run it.</summary>
/// <param name="Name">Its name in the sample repository.</param>
/// <param name="Inputs">Its inputs, FP32.</param>
/// <param name="Row">The shape of one row of each.</param>
internal sealed record EngineModel(string Name, string[] Inputs, long[] Row)
{
    /// <summary>Two inputs of 16 numbers; next to nothing to do.</summary>
    public static EngineModel AddSub { get; } = new("add_sub", ["INPUT0", "INPUT1"], [16]);

    /// <summary>A small network.</summary>
    public static EngineModel Digits { get; } = new("digits", ["image"], [1, 8, 8]);

    /// <summary>Its file.</summary>
    public string File => Path.Combine(Repository, Name, "1", "model.onnx");

    /// <summary>The folder of the sample models: the one of the checkout that the program lies in.</summary>
    public static string Repository
    {
        get
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                if (Directory.Exists(Path.Combine(folder.FullName, "model-repository")))
                {
                    return Path.Combine(folder.FullName, "model-repository");
                }
            }

            throw new InvalidOperationException("the program does not lie below the folder of the solution");
        }
    }

    /// <summary>The shape of an input of so many rows.</summary>
    public long[] Shape(int rows) => [rows, .. Row];
}
