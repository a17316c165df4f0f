"""The modules inside of TensorFlow that programs import, though they are not public.

Of version 1.15, with those of ops that its build makes, and some that later versions split off. A
name that is not among them is no module.
"""

from __future__ import annotations

INNER_MODULES: dict[str, str] = {
    "core.example": """
        example_parser_configuration_pb2 example_pb2 feature_pb2
    """,
    "core.framework": """
        allocation_description_pb2 api_def_pb2 attr_value_pb2 cost_graph_pb2
        device_attributes_pb2 function_pb2 graph_pb2 graph_transfer_info_pb2 kernel_def_pb2
        log_memory_pb2 node_def_pb2 op_def_pb2 reader_base_pb2
        remote_fused_graph_execute_info_pb2 resource_handle_pb2 step_stats_pb2 summary_pb2
        tensor_description_pb2 tensor_pb2 tensor_shape_pb2 tensor_slice_pb2 types_pb2
        variable_pb2 versions_pb2
    """,
    "core.protobuf": """
        autotuning_pb2 cluster_pb2 config_pb2 control_flow_pb2 conv_autotuning_pb2
        critical_section_pb2 debug_pb2 device_properties_pb2 eager_service_pb2
        graph_debug_info_pb2 master_pb2 master_service_pb2 meta_graph_pb2 named_tensor_pb2
        queue_runner_pb2 replay_log_pb2 rewriter_config_pb2 saved_model_pb2
        saved_object_graph_pb2 saver_pb2 struct_pb2 tensor_bundle_pb2 tensorflow_server_pb2
        trace_events_pb2 trackable_object_graph_pb2 transport_options_pb2 verifier_config_pb2
        worker_pb2 worker_service_pb2
    """,
    "core.util": """
        event_pb2 memmapped_file_system_pb2 saved_tensor_slice_pb2
    """,
    "python.client": """
        client_lib device_lib notebook session timeline
    """,
    "python.eager": """
        backprop cancellation context core def_function execute execution_callbacks executor
        forwardprop function graph_only_ops imperative_grad lift_to_graph monitoring profiler
        profiler_client remote tape test wrap_function
    """,
    "python.feature_column": """
        dense_features dense_features_v2 feature_column feature_column_lib feature_column_v2
        sequence_feature_column serialization utils
    """,
    "python.framework": """
        auto_control_deps byte_swap_tensor c_api_util combinations common_shapes
        composite_tensor composite_tensor_utils config constant_op convert_to_constants device
        device_spec dtypes error_interpolation errors errors_impl framework_lib func_graph
        function function_def_to_graph graph_io graph_to_function_def graph_util graph_util_impl
        importer indexed_slices kernels load_library meta_graph op_callbacks op_def_library
        op_def_registry ops random_seed registry smart_cond sparse_tensor subscribe tensor
        tensor_conversion tensor_conversion_registry tensor_like tensor_shape tensor_spec
        tensor_util test_util traceable_stack type_spec versions
    """,
    "python.layers": """
        base convolutional core layers normalization pooling utils
    """,
    "python.lib.io": """
        file_io python_io tf_record
    """,
    "python.ops": """
        array_grad array_ops array_ops_stack batch_ops bitwise_ops boosted_trees_ops
        candidate_sampling_ops check_ops clip_ops clustering_ops collective_ops cond cond_v2
        confusion_matrix control_flow_grad control_flow_ops control_flow_state control_flow_util
        control_flow_util_v2 control_flow_v2_func_graphs control_flow_v2_toggles
        critical_section_ops ctc_ops cudnn_rnn_grad custom_gradient data_flow_grad data_flow_ops
        default_gradient embedding_ops functional_ops gen_array_ops gen_audio_ops gen_batch_ops
        gen_bitwise_ops gen_boosted_trees_ops gen_candidate_sampling_ops gen_collective_ops
        gen_control_flow_ops gen_ctc_ops gen_cudnn_rnn_ops gen_data_flow_ops gen_dataset_ops
        gen_functional_ops gen_image_ops gen_io_ops gen_linalg_ops gen_list_ops gen_logging_ops
        gen_lookup_ops gen_manip_ops gen_math_ops gen_nn_ops gen_parsing_ops gen_random_ops
        gen_resource_variable_ops gen_rnn_ops gen_script_ops gen_sdca_ops gen_sendrecv_ops
        gen_set_ops gen_sparse_ops gen_spectral_ops gen_state_ops gen_stateful_random_ops
        gen_stateless_random_ops gen_string_ops gen_summary_ops gen_user_ops gradient_checker
        gradient_checker_v2 gradients gradients_impl gradients_util histogram_ops image_grad
        image_ops image_ops_impl init_ops init_ops_v2 initializers_ns inplace_ops io_ops
        linalg_grad linalg_ops linalg_ops_impl list_ops logging_ops lookup_ops manip_grad
        manip_ops map_fn math_grad math_ops metrics metrics_impl nccl_ops nn nn_grad nn_impl
        nn_ops numerics op_selector optional_grad parsing_ops partitioned_variables proto_ops
        ragged_ops random_grad random_ops ref_variable resource_variable_ops resources rnn
        rnn_cell rnn_cell_impl rnn_cell_wrapper_impl rnn_grad script_ops sdca_ops session_ops
        sets sets_impl sort_ops sparse_grad sparse_ops special_math_ops standard_ops state_grad
        state_ops stateful_random_ops stateless_random_ops string_ops summary_op_util
        summary_ops_v2 template tensor_array_grad tensor_array_ops tensor_forest_ops
        unconnected_gradients variable_scope variable_v1 variables weights_broadcast_ops
        while_loop while_v2 while_v2_indexed_slices_rewriter
    """,
    "python.platform": """
        app control_imports flags gfile googletest parameterized remote_utils resource_loader
        self_check status_bar sysconfig test tf_logging
    """,
    "python.saved_model": """
        builder builder_impl constants function_deserialization function_serialization load
        load_v1_in_v2 loader loader_impl main_op main_op_impl nested_structure_coder
        revived_types save saved_model signature_constants signature_def_utils
        signature_def_utils_impl signature_serialization simple_save tag_constants utils
        utils_impl
    """,
    "python.summary": """
        plugin_asset summary summary_iterator
    """,
    "python.training": """
        adadelta adagrad adagrad_da adam basic_loops basic_session_run_hooks
        checkpoint_management checkpoint_ops checkpoint_utils coordinator device_setter
        distribute distribution_strategy_context evaluation ftrl gradient_descent input
        learning_rate_decay momentum monitored_session moving_averages optimizer
        proximal_adagrad proximal_gradient_descent queue_runner queue_runner_impl rmsprop saver
        server_lib session_manager session_run_hook slot_creator summary_io supervisor
        sync_replicas_optimizer tensorboard_logging training training_ops training_util
        warm_starting_util
    """,
    "python.util": """
        all_util compat compat_internal decorator_utils deprecation deprecation_wrapper dispatch
        example_parser_configuration function_utils future_api is_in_graph_mode keyword_args
        lazy_loader lock_util memory module_wrapper nest object_identity serialization
        tf_contextlib tf_decorator tf_export tf_inspect tf_should_use tf_stack
    """,
}
